import { accountId } from "../accounts.js";
import { abortUpload, getUpload, listUploads, type UploadView } from "../api/uploads.js";
import { type Connection, type Internals, internals } from "../connection.js";
import { Slots } from "../slots.js";
import type { Unfinished } from "../types.js";
import { allKept, dropKept, type Kept } from "./kept.js";
import { lockName } from "./lock.js";

/** Of so many uploads the server is asked what has arrived. */
const ASKED_MAX = 50;
/** How many of these questions are asked at once. */
const QUESTIONS = 4;

/** The account's open uploads that nobody in this browser is busy with, the last begun first. */
export async function unfinished(connection: Connection): Promise<Unfinished[]> {
  const inside = internals(connection);
  const [account, views, kept] = await Promise.all([accountId(inside), listUploads(inside), allKept()]);
  const busy = await busyLocks();
  const idle = views.filter(
    (view) =>
      view.state === "open" &&
      !inside.uploads.has(view.upload_id) &&
      !busy.has(lockName(inside.api, account, view.path)),
  );
  await Promise.all(
    kept.filter((each) => each.expiresAt < Date.now()).map((each) => dropKept(each.uploadId)),
  );
  const here = new Map(kept.map((each) => [each.uploadId, each]));
  const questions = new Slots(QUESTIONS);
  return Promise.all(
    idle
      .sort((one, other) => (one.upload_id < other.upload_id ? 1 : -1))
      .map(async (view, index) => {
        const isAsked = index < ASKED_MAX && view.method === "multipart";
        const received = isAsked
          ? await questions.run(view, undefined, () => receivedBytes(inside, view))
          : undefined;
        return toUnfinished(view, received, here.get(view.upload_id));
      }),
  );
}

/** Gives an open upload up: parts are freed and the quota is released. One that is gone already is no error. */
export async function abandon(connection: Connection, uploadId: string): Promise<void> {
  await abortUpload(connection, uploadId);
  await dropKept(uploadId);
}

/** The locks that tabs of this browser hold or wait for. */
async function busyLocks(): Promise<Set<string | undefined>> {
  const { held = [], pending = [] } = (await globalThis.navigator?.locks?.query()) ?? {};
  return new Set([...held, ...pending].map((lock) => lock.name));
}

async function receivedBytes(inside: Internals, view: UploadView): Promise<number> {
  const { received = [] } = await getUpload(inside, view.upload_id);
  return received.reduce((sum, part) => sum + part.size, 0);
}

function toUnfinished(view: UploadView, received: number | undefined, kept: Kept | undefined): Unfinished {
  const handle = kept?.fileHandle;
  return {
    uploadId: view.upload_id,
    path: view.path,
    size: view.size,
    expiresAt: new Date(view.expires_at),
    ...(received !== undefined && { receivedBytes: received }),
    ...(kept && { here: { name: kept.name, size: kept.size, lastModified: kept.lastModified } }),
    ...(handle && { file: () => fileOf(handle) }),
  };
}

/** What Chromium's handles can beside what the standard says. */
interface AskingHandle extends FileSystemFileHandle {
  requestPermission?(options: { mode: "read" }): Promise<PermissionState>;
}

async function fileOf(handle: AskingHandle): Promise<File | undefined> {
  try {
    const leave = (await handle.requestPermission?.({ mode: "read" })) ?? "granted";
    return leave === "granted" ? await handle.getFile() : undefined;
  } catch {
    // It was moved or deleted, or the call did not come from a click.
    return undefined;
  }
}
