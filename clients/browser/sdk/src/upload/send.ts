import { getUpload, type UploadView } from "../api/uploads.js";
import { versionAt } from "../delta/known.js";
import { isWorthSendingWhole, sendDelta } from "../delta/send.js";
import { hasCode, SluiceError } from "../errors.js";
import { SMALL_MAX_BYTES } from "../hash/limits.js";
import type { UploadResult } from "../types.js";
import type { Stage } from "./begin.js";
import { dropUpload, findUpload, giveUp } from "./found.js";
import { type Job, sha256Of } from "./job.js";
import { locked } from "./lock.js";
import { sendMultipart, sendSingle, sendWhole } from "./whole.js";

/** 90 full packs: what is larger is not sent as a delta. */
const DELTA_MAX_BYTES = 5760 * 2 ** 20;
/** How often an upload that ended under our hands is begun again. */
const ROUNDS = 2;

/** Brings the file to the server and waits until it is verified. May be called again after it was cut short. */
export async function send(job: Job, signal: AbortSignal): Promise<UploadResult> {
  job.meter.phase = "waiting";
  if (job.uploadId !== undefined && job.options.path === undefined) await takePath(job, signal);
  try {
    return await locked(job, signal, () => sendLocked(job, signal));
  } catch (error) {
    if (hasCode(error, "file_changed")) await giveUp(job);
    throw error;
  }
}

/** A named upload says itself where the file shall lie. */
async function takePath(job: Job, signal: AbortSignal): Promise<void> {
  try {
    job.path = (await getUpload(job.inside, job.uploadId as string, signal)).path;
  } catch (error) {
    if (!hasCode(error, "not_found")) throw error;
  }
}

async function sendLocked(job: Job, signal: AbortSignal): Promise<UploadResult> {
  const { inside, meter } = job;
  const slots = isLarge(job) ? inside.sending.large : inside.sending.small;
  const inTurn = (work: () => Promise<Stage>) => slots.run(job, signal, work);
  let stage = await inTurn(() => bring(job, signal));
  for (let round = 0; ; round++) {
    if (stage.outcome === "instant") break;
    meter.arrived();
    meter.phase = "verifying";
    try {
      const version = await inside.waiter.wait(stage.uploadId, job.life);
      await dropUpload(job);
      return { outcome: stage.outcome, version, wireBytes: meter.wireBytes };
    } catch (error) {
      if (!hasCode(error, "rejected", "upload_ended")) throw error;
      const isForeign = job.isFound && error.reason === "sha256_mismatch";
      await dropUpload(job);
      if (round === ROUNDS || !(isForeign || isWorthSendingWhole(error))) throw error;
      stage = await inTurn(async () => sendWhole(job, await sha256Of(job, signal), signal));
    }
  }
  await giveUp(job);
  meter.arrived();
  return { outcome: "instant", version: stage.version, wireBytes: meter.wireBytes };
}

/** From wherever the upload stands to the arrival of all bytes. */
async function bring(job: Job, signal: AbortSignal): Promise<Stage> {
  for (let round = 0; ; round++) {
    try {
      return await advance(job, signal);
    } catch (error) {
      if (signal.aborted || round === ROUNDS) throw error;
      if (isGone(error)) await dropUpload(job);
      // An upload of another client may want more than we can give, or hold another content.
      else if (job.isFound && hasCode(error, "invalid_request")) await dropUpload(job);
      else throw error;
      job.isFound = false;
      job.isAnew = true;
    }
  }
}

async function advance(job: Job, signal: AbortSignal): Promise<Stage> {
  const mayBeFound = isLarge(job) || job.uploadId !== undefined || job.options.partSize !== undefined;
  // Both questions at once; the second is of no use where the first finds something.
  const asked = isLarge(job) ? versionAt(job.inside, job.path, signal) : undefined;
  asked?.catch(() => {});
  const view = mayBeFound && !job.isAnew ? await findUpload(job, signal) : undefined;
  if (view) {
    const stage = await goOn(job, view, signal);
    if (stage) return stage;
  }
  if (!isLarge(job)) {
    job.meter.phase = "hashing";
    return sendWhole(job, await sha256Of(job, signal), signal);
  }
  const earlier = await asked;
  // A much smaller version holds too little of the file to be worth reading the file first.
  if (earlier && job.file.size <= Math.min(DELTA_MAX_BYTES, earlier.size * 4)) {
    return (await sendDelta(job, earlier, signal)) ?? sendWhole(job, await sha256Of(job, signal), signal);
  }
  return sendWhole(job, undefined, signal);
}

/** Goes on with an upload that has begun; nothing if another one has to be begun. */
async function goOn(job: Job, view: UploadView, signal: AbortSignal): Promise<Stage | undefined> {
  const uploadId = view.upload_id;
  if (view.state !== "open") {
    return { outcome: view.method === "packs" ? "delta" : "uploaded", uploadId };
  }
  job.isFound = true;
  if (view.method === "put") return sendSingle(job, uploadId, [], signal);
  if (view.method === "packs") {
    // Only who has drawn the packs knows what they were.
    if (!job.delta) await giveUp(job);
    return undefined;
  }
  const { part_size: partSize, part_count: partCount, received = [] } = view;
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
