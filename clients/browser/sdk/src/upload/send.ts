import { getUpload, type UploadView } from "../api/uploads.js";
import { versionAt } from "../delta/earlier.js";
import { hasCode, SluiceError } from "../errors.js";
import { SMALL_MAX_BYTES } from "../hash/limits.js";
import type { UploadResult } from "../types.js";
import type { Transferred } from "./create.js";
import { isWorthSendingWhole, sendDelta } from "./delta.js";
import { type Job, sha256Of } from "./job.js";
import { locked } from "./lock.js";
import { abandonUpload, findUpload, forgetUpload } from "./resumable.js";
import { sendMultipart, sendSingle, sendWhole } from "./whole.js";

/** 90 full packs. A larger file is sent whole. */
const DELTA_MAX_BYTES = 5760 * 2 ** 20;
/** How often another upload is created after one has ended unexpectedly. */
const ROUNDS = 2;

/**
 * Sends the file and waits until the server has verified it. After an abort of `signal` it can be called
 * again.
 */
export async function send(job: Job, signal: AbortSignal): Promise<UploadResult> {
  job.meter.phase = "waiting";
  if (job.uploadId !== undefined && job.options.path === undefined) await readPath(job, signal);
  try {
    return await locked(job, signal, () => sendLocked(job, signal));
  } catch (error) {
    if (hasCode(error, "file_changed")) await abandonUpload(job);
    throw error;
  }
}

/** Takes the destination from a named upload. */
async function readPath(job: Job, signal: AbortSignal): Promise<void> {
  try {
    job.path = (await getUpload(job.internals, job.uploadId as string, signal)).path;
  } catch (error) {
    if (!hasCode(error, "not_found")) throw error;
  }
}

async function sendLocked(job: Job, signal: AbortSignal): Promise<UploadResult> {
  const { internals, meter } = job;
  const slots = isLarge(job) ? internals.sending.large : internals.sending.small;
  const withSlot = (work: () => Promise<Transferred>) => slots.run(job, signal, work);
  let transferred = await withSlot(() => transfer(job, signal));
  for (let round = 0; ; round++) {
    if (transferred.outcome === "instant") break;
    meter.arrived();
    meter.phase = "verifying";
    try {
      const version = await internals.verification.wait(transferred.uploadId, job.abortSignal);
      await forgetUpload(job);
      return { outcome: transferred.outcome, version, wireBytes: meter.wireBytes };
    } catch (error) {
      if (!hasCode(error, "rejected", "upload_ended")) throw error;
      const isForeign = job.isResumed && error.reason === "sha256_mismatch";
      await forgetUpload(job);
      if (round === ROUNDS || !(isForeign || isWorthSendingWhole(error))) throw error;
      transferred = await withSlot(async () => sendWhole(job, await sha256Of(job, signal), signal));
    }
  }
  await abandonUpload(job);
  meter.arrived();
  return { outcome: "instant", version: transferred.version, wireBytes: meter.wireBytes };
}

/** Sends the bytes that are missing. Starts over if the upload at the server has ended or is unusable. */
async function transfer(job: Job, signal: AbortSignal): Promise<Transferred> {
  for (let round = 0; ; round++) {
    try {
      return await transferOnce(job, signal);
    } catch (error) {
      if (signal.aborted || round === ROUNDS) throw error;
      if (isGone(error)) await forgetUpload(job);
      // An upload of another client may ask for more than this library sends, or declare other bytes.
      else if (job.isResumed && hasCode(error, "invalid_request")) await forgetUpload(job);
      else throw error;
      job.isResumed = false;
      job.skipsResume = true;
    }
  }
}

async function transferOnce(job: Job, signal: AbortSignal): Promise<Transferred> {
  const mayResume = isLarge(job) || job.uploadId !== undefined || job.options.partSize !== undefined;
  // Asked at the same time as `findUpload`; not needed if that finds an upload.
  const asked = isLarge(job) ? versionAt(job.internals, job.path, signal) : undefined;
  asked?.catch(() => {});
  const view = mayResume && !job.skipsResume ? await findUpload(job, signal) : undefined;
  if (view) {
    const transferred = await resume(job, view, signal);
    if (transferred) return transferred;
  }
  if (!isLarge(job)) {
    job.meter.phase = "hashing";
    return sendWhole(job, await sha256Of(job, signal), signal);
  }
  const earlier = await asked;
  // A version of less than a quarter of the size cannot save enough to read the file first.
  if (earlier && job.file.size <= Math.min(DELTA_MAX_BYTES, earlier.size * 4)) {
    return (await sendDelta(job, earlier, signal)) ?? sendWhole(job, await sha256Of(job, signal), signal);
  }
  return sendWhole(job, undefined, signal);
}

/** Resumes an upload. Returns undefined if another one has to be created. */
async function resume(job: Job, view: UploadView, signal: AbortSignal): Promise<Transferred | undefined> {
  const { uploadId, partSize, partCount, received = [] } = view;
  if (view.state !== "open") {
    return { outcome: view.method === "packs" ? "delta" : "uploaded", uploadId };
  }
  job.isResumed = true;
  if (view.method === "put") return sendSingle(job, uploadId, [], signal);
  if (view.method === "packs") {
    // Only the page that made the packs knows what they contain.
    if (!job.delta) await abandonUpload(job);
    return undefined;
  }
  return sendMultipart(job, { uploadId, partSize, partCount, received, urls: [] }, undefined, signal);
}

function isLarge(job: Job): boolean {
  return job.file.size > SMALL_MAX_BYTES;
}

function isGone(error: unknown): boolean {
  const isBucketGone =
    error instanceof SluiceError && error.code === "bucket_refused" && error.status === 404;
  return isBucketGone || hasCode(error, "upload_ended", "not_found");
}
