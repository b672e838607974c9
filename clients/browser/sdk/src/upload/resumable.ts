import { accountId } from "../accounts.js";
import { abortUpload, type CreatedUpload, getUpload, listUploads, type UploadView } from "../api/uploads.js";
import type { Internals } from "../connection.js";
import { hasCode, SluiceError } from "../errors.js";
import { unlessAborted } from "../waiting.js";
import { setUpload } from "./create.js";
import { type Job, resetUpload } from "./job.js";
import { deleteRecord, listRecords, saveRecord, type UploadRecord } from "./records.js";

const LIST_LIFE_MILLISECONDS = 3000;

/** Records the upload in this browser, so that it can be resumed after a reload. */
export async function recordUpload(job: Job, uploadId: string, expiresAt: number): Promise<void> {
  const { file, options, path, internals } = job;
  await saveRecord({
    uploadId,
    api: internals.api,
    accountId: await accountId(internals),
    path,
    name: "name" in file ? file.name : path,
    size: file.size,
    lastModified: "lastModified" in file ? file.lastModified : 0,
    expiresAt,
    ...(options.fileHandle && { fileHandle: options.fileHandle }),
  });
}

/** Forgets an upload that has ended. */
export async function forgetUpload(job: Job): Promise<void> {
  if (job.uploadId !== undefined) await deleteRecord(job.uploadId);
  resetUpload(job);
}

/** Aborts the upload at the server, which releases its quota. If that fails, the upload expires. */
export async function abandonUpload(job: Job): Promise<void> {
  const { uploadId, created, internals } = job;
  await forgetUpload(job);
  if (uploadId !== undefined) await abortUpload(internals, uploadId).catch(() => {});
  // Not awaited: without a network, the answer may take arbitrarily long.
  else void created?.then(abortCreated.bind(undefined, internals)).catch(() => {});
}

async function abortCreated(internals: Internals, created: CreatedUpload): Promise<void> {
  if (created.outcome === "upload") await abortUpload(internals, created.uploadId);
}

/** Finds the upload to resume: the named one, or else one of the same path and size. */
export async function findUpload(job: Job, signal: AbortSignal): Promise<UploadView | undefined> {
  if (job.uploadId !== undefined) {
    const view = await viewOf(job, job.uploadId, signal);
    if (view && view.size !== job.file.size) {
      throw new SluiceError("file_mismatch", `the upload is of a file of ${view.size} bytes`);
    }
    // Another client may have completed its upload with other bytes.
    const isOurs = job.internals.uploads.has(job.uploadId);
    if (view && (view.state === "open" || (isOurs && isUsable(view)))) return adopt(job, view);
    await forgetUpload(job);
  }
  // `ifMatch` is checked when an upload is created, so an existing one cannot be used.
  if (job.options.ifMatch !== undefined) return undefined;
  const view = (await findRecorded(job, signal)) ?? (await findListed(job, signal));
  return view && adopt(job, view);
}

function fits(job: Job, view: UploadView): boolean {
  const { partSize } = job.options;
  const hasPartSize = partSize === undefined || view.partSize === partSize;
  return view.state === "open" && view.method === "multipart" && view.size === job.file.size && hasPartSize;
}

function isUsable(view: UploadView): boolean {
  return view.state === "open" || view.state === "pending" || view.state === "available";
}

function adopt(job: Job, view: UploadView): UploadView {
  setUpload(job, view.uploadId);
  return view;
}

async function findRecorded(job: Job, signal: AbortSignal): Promise<UploadView | undefined> {
  const { api } = job.internals;
  const account = await accountId(job.internals);
  for (const record of await listRecords()) {
    if (record.api !== api || record.accountId !== account || record.path !== job.path) continue;
    if (record.size !== job.file.size) continue;
    const view = await viewOf(job, record.uploadId, signal);
    if (view && fits(job, view)) return view;
    if (view?.state === "pending" && isSameFile(job, record)) return view;
    if (!view || !isUsable(view)) await deleteRecord(record.uploadId);
  }
  return undefined;
}

/** Whether this is the file that was sent, as far as name and time tell. */
function isSameFile({ file }: Job, record: UploadRecord): boolean {
  return "name" in file && file.name === record.name && file.lastModified === record.lastModified;
}

async function findListed(job: Job, signal: AbortSignal): Promise<UploadView | undefined> {
  const all = await unlessAborted(openUploads(job.internals), signal);
  const listed = all.find((view) => view.path === job.path && fits(job, view));
  return listed && viewOf(job, listed.uploadId, signal);
}

/** Returns a list that files added at the same time share. It may be slightly out of date. */
function openUploads(internals: Internals): Promise<UploadView[]> {
  const now = performance.now();
  if (!internals.listed || now - internals.listed.at > LIST_LIFE_MILLISECONDS) {
    const uploads = listUploads(internals, { patient: true });
    internals.listed = { at: now, uploads };
    uploads.catch(() => {
      internals.listed = undefined;
    });
  }
  return internals.listed.uploads;
}

async function viewOf(job: Job, uploadId: string, signal: AbortSignal): Promise<UploadView | undefined> {
  try {
    return await getUpload(job.internals, uploadId, signal);
  } catch (error) {
    if (hasCode(error, "not_found")) return undefined;
    throw error;
  }
}
