import { accountId } from "../accounts.js";
import { abortUpload, getUpload, listUploads, type UploadView } from "../api/uploads.js";
import { type Connection, type Internals, internalsOf } from "../connection.js";
import { Slots } from "../slots.js";
import type { UnfinishedOptions, UnfinishedUpload } from "../types.js";
import { lockName } from "./lock.js";
import { deleteRecord, listRecords, type UploadRecord } from "./records.js";

/** The server is asked about the received parts of at most this many uploads. */
const ASKED_MAX = 50;
/** How many of these calls run at once. */
const CALLS = 4;

/** Lists the account's open uploads that no tab of this browser is working on, the latest first. */
export async function unfinished(
  connection: Connection,
  options: UnfinishedOptions = {},
): Promise<UnfinishedUpload[]> {
  const internals = internalsOf(connection);
  const [account, views, records] = await Promise.all([
    accountId(internals),
    listUploads(internals),
    listRecords(),
  ]);
  const busy = await busyLocks();
  const idle = views.filter(
    (view) =>
      (view.state === "open" || options.pending) &&
      !internals.uploads.has(view.uploadId) &&
      !busy.has(lockName(internals.api, account, view.path)),
  );
  const expired = records.filter((record) => record.expiresAt < Date.now());
  await Promise.all(expired.map((record) => deleteRecord(record.uploadId)));
  const recordOf = new Map(records.map((record) => [record.uploadId, record]));
  const calls = new Slots(CALLS);
  return Promise.all(
    idle
      .sort((one, other) => (one.uploadId < other.uploadId ? 1 : -1))
      .map(async (view, index) => {
        const isAsked = index < ASKED_MAX && view.method === "multipart" && view.state === "open";
        const received = isAsked
          ? await calls.run(view, undefined, () => receivedBytes(internals, view))
          : undefined;
        return toUnfinished(view, received, recordOf.get(view.uploadId));
      }),
  );
}

/**
 * Aborts an open upload: the server discards its parts and releases its quota. An upload that has already
 * ended, or that the server is verifying, is left as it is; that is no error.
 */
export async function abandon(connection: Connection, uploadId: string): Promise<void> {
  await abortUpload(internalsOf(connection), uploadId);
  await deleteRecord(uploadId);
}

/** Returns the names of the locks that tabs of this browser hold or wait for. */
async function busyLocks(): Promise<Set<string | undefined>> {
  const { held = [], pending = [] } = (await globalThis.navigator?.locks?.query()) ?? {};
  return new Set([...held, ...pending].map((lock) => lock.name));
}

async function receivedBytes(internals: Internals, view: UploadView): Promise<number> {
  const { received = [] } = await getUpload(internals, view.uploadId);
  return received.reduce((sum, part) => sum + part.size, 0);
}

function toUnfinished(
  view: UploadView,
  received: number | undefined,
  record: UploadRecord | undefined,
): UnfinishedUpload {
  const handle = record?.fileHandle;
  return {
    uploadId: view.uploadId,
    state: view.state === "pending" ? "pending" : "open",
    path: view.path,
    versionId: view.versionId,
    size: view.size,
    expiresAt: new Date(view.expiresAt),
    ...(received !== undefined && { receivedBytes: received }),
    ...(record && {
      pickedFile: { name: record.name, size: record.size, lastModified: record.lastModified },
    }),
    ...(handle && { file: () => fileOf(handle) }),
  };
}

/** A method of Chromium's handles that is not in the standard. */
interface PermissionHandle extends FileSystemFileHandle {
  requestPermission?(options: { mode: "read" }): Promise<PermissionState>;
}

async function fileOf(handle: PermissionHandle): Promise<File | undefined> {
  try {
    const permission = (await handle.requestPermission?.({ mode: "read" })) ?? "granted";
    return permission === "granted" ? await handle.getFile() : undefined;
  } catch {
    // The file was moved or deleted, or the call did not come from a click.
    return undefined;
  }
}
