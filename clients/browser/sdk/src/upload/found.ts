import { accountId } from "../accounts.js";
import { abortUpload, type Begun, getUpload, listUploads, type UploadView } from "../api/uploads.js";
import type { Internals } from "../connection.js";
import { hasCode, SluiceError } from "../errors.js";
import { unlessAborted } from "../waiting.js";
import { setUpload } from "./begin.js";
import { forgetUpload, type Job } from "./job.js";
import { allKept, dropKept, type Kept, keep } from "./kept.js";

const LIST_LIFE_MILLISECONDS = 3000;

/** Keeps an upload, so that it can go on after a reload. */
export async function keepUpload(job: Job, uploadId: string, expiresAt: number): Promise<void> {
  const { file, options, path, inside } = job;
  await keep({
    uploadId,
    api: inside.api,
    accountId: await accountId(inside),
    path,
    name: "name" in file ? file.name : path,
    size: file.size,
    lastModified: "lastModified" in file ? file.lastModified : 0,
    expiresAt,
    ...(options.fileHandle && { fileHandle: options.fileHandle }),
  });
}

/** The upload has ended. */
export async function dropUpload(job: Job): Promise<void> {
  if (job.uploadId !== undefined) await dropKept(job.uploadId);
  forgetUpload(job);
}

/** Gives the upload up, so that its quota is free at once. If that fails, it expires. */
export async function giveUp(job: Job): Promise<void> {
  const { uploadId, beginning, inside } = job;
  await dropUpload(job);
  if (uploadId !== undefined) await abortUpload(inside, uploadId).catch(() => {});
  // An answer that has not come yet is not waited for: it may take until there is a network again.
  else void beginning?.then(forgo.bind(undefined, inside)).catch(() => {});
}

async function forgo(inside: Internals, begun: Begun): Promise<void> {
  if (begun.outcome === "upload") await abortUpload(inside, begun.upload_id);
}

/** The upload that this one goes on with, if there is one: that which was named, else one of the same path and size. */
export async function findUpload(job: Job, signal: AbortSignal): Promise<UploadView | undefined> {
  if (job.uploadId !== undefined) {
    const view = await viewOf(job, job.uploadId, signal);
    if (view && view.size !== job.file.size) {
      throw new SluiceError("file_mismatch", `the upload is of a file of ${view.size} bytes`);
    }
    // Bytes that somebody else has sent may be those of another file.
    const isOurs = job.inside.uploads.has(job.uploadId);
    if (view && (view.state === "open" || (isOurs && isOfUse(view)))) return taken(job, view);
    await dropUpload(job);
  }
  // An upload that was begun without the condition does not hold it.
  if (job.options.ifMatch !== undefined) return undefined;
  const view = (await findKept(job, signal)) ?? (await findListed(job, signal));
  return view && taken(job, view);
}

/** A file that is cut otherwise than asked for is not what was asked for. */
function fits(job: Job, view: UploadView): boolean {
  const { partSize } = job.options;
  const cuts = partSize === undefined || view.part_size === partSize;
  return view.state === "open" && view.method === "multipart" && view.size === job.file.size && cuts;
}

function isOfUse(view: UploadView): boolean {
  return view.state === "open" || view.state === "pending" || view.state === "available";
}

function taken(job: Job, view: UploadView): UploadView {
  setUpload(job, view.upload_id);
  return view;
}

async function findKept(job: Job, signal: AbortSignal): Promise<UploadView | undefined> {
  const account = await accountId(job.inside);
  for (const kept of await allKept()) {
    if (kept.api !== job.inside.api || kept.accountId !== account || kept.path !== job.path) continue;
    if (kept.size !== job.file.size) continue;
    const view = await viewOf(job, kept.uploadId, signal);
    if (view && fits(job, view)) return view;
    if (view?.state === "pending" && isSameFile(job, kept)) return view;
    if (!view || !isOfUse(view)) await dropKept(kept.uploadId);
  }
  return undefined;
}

/** Whether the bytes that were sent are this file's, as far as the browser tells. */
function isSameFile({ file }: Job, kept: Kept): boolean {
  return "name" in file && file.name === kept.name && file.lastModified === kept.lastModified;
}

async function findListed(job: Job, signal: AbortSignal): Promise<UploadView | undefined> {
  const all = await unlessAborted(openUploads(job.inside), signal);
  const found = all.find((view) => view.path === job.path && fits(job, view));
  return found && viewOf(job, found.upload_id, signal);
}

/** The list is only where to look: files that are added together share it. */
function openUploads(inside: Internals): Promise<UploadView[]> {
  const now = performance.now();
  if (!inside.listed || now - inside.listed.at > LIST_LIFE_MILLISECONDS) {
    const uploads = listUploads(inside, { patient: true });
    inside.listed = { at: now, uploads };
    uploads.catch(() => {
      inside.listed = undefined;
    });
  }
  return inside.listed.uploads;
}

async function viewOf(job: Job, uploadId: string, signal: AbortSignal): Promise<UploadView | undefined> {
  try {
    return await getUpload(job.inside, uploadId, signal);
  } catch (error) {
    if (hasCode(error, "not_found")) return undefined;
    throw error;
  }
}
