import { answer, type Drop, type DropFile, transaction } from "./database.js";
import type { Picked } from "./queue.js";

/** Most files of one drop that the browser notes. */
export const NOTED_MAX = 20_000;
/** The server keeps open uploads as long by default. */
const LIFE_MILLISECONDS = 7 * 24 * 3600 * 1000;

/** A drop with its files that are not available yet. */
export interface OpenDrop {
  drop: Drop;
  files: DropFile[];
}

/** A file whose upload has ended. */
export interface Ended {
  path: string;
  file: File;
  isAvailable: boolean;
}

/** The drops that this tab works on, by id. Only it changes them, so that these are up to date. */
const working = new Map<string, Drop>();

/** Makes a drop. It is kept once files are noted in it. */
export function newDrop(accountId: string, folder: string, handles: FileSystemHandle[] = []): Drop {
  return {
    id: crypto.randomUUID(),
    accountId,
    folder,
    root: undefined,
    begunAt: Date.now(),
    noted: 0,
    unnoted: 0,
    done: { count: 0, bytes: 0 },
    handles,
  };
}

/** Notes files that were added to the queue, so that they are not forgotten when the page is closed. */
export async function noteFiles(drop: Drop, picked: Picked[]): Promise<void> {
  workOn(drop);
  for (const { path } of picked) drop.root = commonRoot(drop, path);
  const { accountId, id } = drop;
  await transaction("readwrite", async ({ drops, files }) => {
    await Promise.all(
      picked.map(async ({ path, file: { size, lastModified } }) => {
        const before: DropFile | undefined = await answer(files.get([accountId, path]));
        // It is noted already if the drop is continued.
        const isNew = before?.drop !== id;
        if (isNew && drop.noted >= NOTED_MAX) drop.unnoted += 1;
        else {
          if (isNew) drop.noted += 1;
          files.put({ accountId, path, drop: id, size, lastModified } satisfies DropFile);
        }
      }),
    );
    drops.put(drop);
  });
}

function commonRoot({ root, folder }: Drop, path: string): string {
  const below = path.slice(folder.length);
  const own = below.includes("/") ? below.slice(0, below.indexOf("/")) : "";
  return root === undefined || root === own ? own : "";
}

/** Takes over the drop until this tab is closed. Other tabs do not show it. */
function workOn(drop: Drop): void {
  if (working.has(drop.id)) return;
  working.set(drop.id, drop);
  // Held until the tab is closed.
  void globalThis.navigator?.locks?.request(lockName(drop), () => new Promise(() => {})).catch(() => {});
}

function lockName({ id }: Drop): string {
  return `sluice-drop:${id}`;
}

/** Forgets files that are available or were cancelled. */
export async function noteEnded(accountId: string, ended: Ended[]): Promise<void> {
  await transaction("readwrite", async ({ drops, files }) => {
    const changed = new Set<Drop>();
    await Promise.all(
      ended.map(async ({ path, file, isAvailable }) => {
        const noted: DropFile | undefined = await answer(files.get([accountId, path]));
        // The same path may have been added again with another file.
        if (noted?.size !== file.size || noted.lastModified !== file.lastModified) return;
        files.delete([accountId, path]);
        const drop = working.get(noted.drop);
        if (drop === undefined || !isAvailable) return;
        drop.done = { count: drop.done.count + 1, bytes: drop.done.bytes + file.size };
        changed.add(drop);
      }),
    );
    for (const drop of changed) drops.put(drop);
  });
}

/** Counts noted files as done: their paths have them, although the tab was closed before it noted that. */
export async function noteDone(drop: Drop, done: { path: string; size: number }[]): Promise<void> {
  await transaction("readwrite", async ({ drops, files }) => {
    const stored: Drop | undefined = working.get(drop.id) ?? (await answer(drops.get(drop.id)));
    const current = stored ?? drop;
    for (const { path, size } of done) {
      const noted: DropFile | undefined = await answer(files.get([drop.accountId, path]));
      if (noted?.drop !== drop.id) continue;
      files.delete([drop.accountId, path]);
      current.done = { count: current.done.count + 1, bytes: current.done.bytes + size };
    }
    drops.put(current);
    drop.done = current.done;
  });
}

/** Forgets files of a drop, whatever has become of them. */
export async function forgetFiles(accountId: string, paths: string[]): Promise<void> {
  await transaction("readwrite", async ({ files }) => {
    for (const path of paths) files.delete([accountId, path]);
  });
}

/**
 * Returns the account's drops that no other tab works on, the latest first. Deletes old and finished ones.
 */
export async function openDrops(accountId: string): Promise<OpenDrop[]> {
  const elsewhere = await heldLocks();
  const found = await transaction("readwrite", async ({ drops, files }) => {
    const open: OpenDrop[] = [];
    for (const stored of (await answer(drops.getAll())) as Drop[]) {
      const drop = working.get(stored.id) ?? stored;
      const isWorking = working.has(drop.id);
      if (!isWorking && elsewhere.has(lockName(drop))) continue;
      const own: DropFile[] = await answer(files.index("drop").getAll(drop.id));
      const isOver = own.length === 0 || drop.begunAt < Date.now() - LIFE_MILLISECONDS;
      if (isOver && !isWorking) {
        drops.delete(drop.id);
        for (const { path } of own) files.delete([drop.accountId, path]);
      } else if (drop.accountId === accountId) open.push({ drop, files: own });
    }
    return open;
  });
  return (found ?? []).sort((one, other) => other.drop.begunAt - one.drop.begunAt);
}

async function heldLocks(): Promise<Set<string | undefined>> {
  const { held = [] } = (await globalThis.navigator?.locks?.query()) ?? {};
  return new Set(held.map(({ name }) => name));
}
