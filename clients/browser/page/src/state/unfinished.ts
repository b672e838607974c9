import { computed, effect, signal } from "@preact/signals";
import { abandon, listFiles, unfinished, type Version } from "@sluice/browser";
import { comparePaths } from "../paths.js";
import { forgetFiles, noteDone, noteEnded, openDrops } from "./drops.js";
import { failureText } from "./failures.js";
import {
  commonPrefix,
  type Group,
  groupsOf,
  isBegunHere,
  isReplacedBy,
  type MissingFile,
  without,
} from "./groups.js";
import { notify } from "./notices.js";
import { type Entry, entries, stateOf } from "./queue.js";
import { accountId, connection, refreshAccount, session } from "./session.js";

/** A list's longest page, and how many pages are read to find what was uploaded otherwise. */
const PAGE_SIZE = 1000;
const PAGES_MAX = 20;
/** How many uploads are given up at once. */
const CALLS = 4;

/** The account's unfinished files, as last asked for. */
const groups = signal<Group[]>([]);
/** How many uploads of a group have been given up so far, by the group's key. */
export const givingUp = signal<ReadonlyMap<string, number>>(new Map());

/** The groups without the files that have a row in the queue. */
export const unfinishedGroups = computed(() => {
  if (groups.value.length === 0) return [];
  // A failed upload can be retried in its own row.
  const queued = new Set(
    entries.value
      .filter((entry) => !["available", "aborted"].includes(entry.state.value.progress.phase))
      .map((entry) => entry.path),
  );
  return remaining(groups.value, ({ path }) => queued.has(path));
});

function remaining(all: Group[], isGone: (file: MissingFile) => boolean): Group[] {
  return all.map((group) => without(group, isGone)).filter((group) => group !== undefined);
}

let refreshes = 0;

/** Asks for the groups again. Leaves out what was uploaded otherwise in the meantime. */
export async function refreshUnfinished(): Promise<void> {
  const refresh = ++refreshes;
  try {
    const [drops, uploads] = await Promise.all([
      openDrops(accountId()),
      unfinished(connection, { pending: true }),
    ]);
    if (refresh !== refreshes) return;
    groups.value = groupsOf(drops, uploads);
    for (const group of unfinishedGroups.peek()) {
      await leaveOutReplaced(group);
      if (refresh !== refreshes) return;
    }
  } catch {
    // Then the groups stay out of date. The list of files reports the failure.
  }
}

/** Leaves out files whose path was uploaded otherwise. Aborts those uploads that began in this browser. */
async function leaveOutReplaced(group: Group): Promise<void> {
  const versions = await versionsOf(group);
  const replaced = group.files.filter((file) => {
    const version = versions.get(file.path);
    return version !== undefined && isReplacedBy(file, group.drop, version);
  });
  if (replaced.length === 0) return;
  if (group.drop !== undefined) await noteDone(group.drop, replaced);
  const gone = new Set(replaced);
  groups.value = remaining(groups.peek(), (file) => gone.has(file));
  if (!group.isOwn) return;
  await abandonAll(replaced.filter(isBegunHere));
  await refreshAccount();
}

/** Lists the current versions at the paths of a group. */
async function versionsOf(group: Group): Promise<Map<string, Version>> {
  const versions = new Map<string, Version>();
  const last =
    group.files
      .map(({ path }) => path)
      .sort(comparePaths)
      .at(-1) ?? "";
  let cursor: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const list = await listFiles(connection, { prefix: commonPrefix(group) }, { limit: PAGE_SIZE, cursor });
    for (const version of list.items) versions.set(version.path, version);
    cursor = list.nextCursor;
    if (cursor === undefined || comparePaths(list.items.at(-1)?.path ?? "", last) > 0) break;
  }
  return versions;
}

/** Aborts the uploads of these files, a few at once. The server discards their parts. */
async function abandonAll(files: MissingFile[], onOne: () => void = () => {}): Promise<void> {
  const ids = files.flatMap(({ upload }) => upload?.uploadId ?? []);
  const next = async (): Promise<void> => {
    for (let id = ids.pop(); id !== undefined; id = ids.pop()) {
      await abandon(connection, id);
      onOne();
    }
  };
  await Promise.all(Array.from({ length: CALLS }, next));
}

/** Gives up a group: aborts its uploads and forgets its files. */
export async function giveUp(group: Group): Promise<void> {
  const note = (done: number | undefined) => {
    const all = new Map(givingUp.peek());
    if (done === undefined) all.delete(group.key);
    else all.set(group.key, done);
    givingUp.value = all;
  };
  let done = 0;
  note(done);
  try {
    await abandonAll(group.files, () => note((done += 1)));
    await forgetFiles(
      accountId(),
      group.files.map(({ path }) => path),
    );
    const gone = new Set(group.files.map(({ path }) => path));
    groups.value = groups
      .peek()
      .map((one) => (one.key === group.key ? without(one, ({ path }) => gone.has(path)) : one))
      .filter((one) => one !== undefined);
  } catch (error) {
    notify({ tone: "failed", message: failureText(error) });
    await refreshUnfinished();
  }
  note(undefined);
  await refreshAccount();
}

/** Forgets files that are available or were cancelled. Aborts other uploads of what is available now. */
export async function forgetEnded(ended: Entry[]): Promise<void> {
  const over = ended
    .map((entry) => ({ path: entry.path, file: entry.file, progress: stateOf(entry).progress }))
    .filter(({ progress }) => progress.phase === "available" || progress.phase === "aborted");
  const progressOf = new Map(over.map(({ path, progress }) => [path, progress]));
  const replaced: MissingFile[] = [];
  const rest = (group: Group) =>
    without(group, (file) => {
      const progress = progressOf.get(file.path);
      if (progress === undefined) return false;
      const isOther = file.upload !== undefined && file.upload.uploadId !== progress.uploadId;
      // Another client may still continue its own.
      if (isOther && progress.phase === "available" && isBegunHere(file)) replaced.push(file);
      return !isOther || progress.phase === "available";
    });
  groups.value = groups
    .peek()
    .map(rest)
    .filter((group) => group !== undefined);
  await noteEnded(
    accountId(),
    over.map(({ path, file, progress }) => ({ path, file, isAvailable: progress.phase === "available" })),
  );
  // If this fails, they expire at the server.
  await abandonAll(replaced).catch(() => {});
}

effect(() => {
  if (session.value === "in") void refreshUnfinished();
});

addEventListener("online", () => {
  if (session.peek() === "in") void refreshUnfinished();
});
