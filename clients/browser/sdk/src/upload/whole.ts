import {
  type Completion,
  completeUpload,
  getUpload,
  type PartUrl,
  type ReceivedPart,
} from "../api/uploads.js";
import { hasCode, SluiceError } from "../errors.js";
import { SMALL_MAX_BYTES } from "../hash/limits.js";
import { linked } from "../signals.js";
import type { Version } from "../types.js";
import { create, type Transferred } from "./create.js";
import { checkUnchanged, type Job, lookUpFile, requestOf, sha256Of } from "./job.js";
import { PartSender } from "./parts.js";
import { matches } from "./received.js";
import { abandonUpload, recordUpload } from "./resumable.js";

/** How often parts that the server misses are sent again. */
const ROUNDS = 2;

/** A multipart upload, new or resumed. */
export interface Multipart {
  uploadId: string;
  /** The size of every part but the last, in bytes. */
  partSize: number;
  partCount: number;
  /** The parts that the bucket has. */
  received: ReceivedPart[];
  /** The URLs that are already known of other parts. */
  urls: PartUrl[];
}

/** Sends the whole file. The request declares its SHA-256 if that is already known. */
export async function sendWhole(
  job: Job,
  sha256: string | undefined,
  signal: AbortSignal,
): Promise<Transferred> {
  // Chosen once, because a repeat has to be the same request.
  job.partSize ??= { bytes: isMultipart(job) ? job.internals.pace.partSize(job.file.size) : undefined };
  const { bytes: partSize } = job.partSize;
  const created = await create(job, { ...requestOf(job, sha256), ...(partSize && { partSize }) }, signal);
  if (created.outcome === "instant") return { outcome: "instant", version: created.version };
  const { uploadId, partCount, parts: urls } = created;
  if (created.method === "put") return sendSingle(job, uploadId, urls, signal);
  if (created.method !== "multipart") {
    throw new SluiceError("unexpected_answer", "the server asks for packs");
  }
  await recordUpload(job, uploadId, Date.parse(created.expiresAt));
  const multipart: Multipart = { uploadId, partSize: created.partSize, partCount, received: [], urls };
  return sendMultipart(job, multipart, sha256, signal);
}

/** Whether the server will ask for parts. */
function isMultipart({ file }: Job): boolean {
  return file.size > SMALL_MAX_BYTES;
}

/** Sends the file in one PUT. The bucket's own event completes the upload. */
export async function sendSingle(
  job: Job,
  uploadId: string,
  urls: PartUrl[],
  signal: AbortSignal,
): Promise<Transferred> {
  const { file, meter } = job;
  const isSent = job.etags.has(1);
  meter.begin(1, isSent ? 1 : 0, isSent ? file.size : 0);
  const bodyOf = () => file.slice(0, file.size);
  const sender = new PartSender(job, { uploadId, bodyOf, missing: [1], urls }, signal);
  try {
    if (!isSent) await sender.send(1);
    await checkUnchanged(job);
  } catch (error) {
    // The bucket may have nothing, or bytes of a changed file. Release the quota now.
    if (!signal.aborted) await abandonUpload(job);
    throw error;
  }
  return { outcome: "uploaded", uploadId };
}

/**
 * Sends the missing parts of a multipart upload and completes it. Hashes the file while sending it, unless
 * its SHA-256 is `declared`.
 */
export async function sendMultipart(
  job: Job,
  multipart: Multipart,
  declared: string | undefined,
  signal: AbortSignal,
): Promise<Transferred> {
  const { uploadId } = multipart;
  let { received } = multipart;
  for (let round = 0; ; round++) {
    const version = await sendMissing(job, { ...multipart, received }, declared, signal);
    if (version) return { outcome: "instant", version };
    if (declared === undefined) job.meter.phase = "hashing";
    const sha256 = declared ?? (await sha256Of(job, signal));
    await checkUnchanged(job);
    try {
      const parts = await completedParts(job, multipart, signal);
      const hash = declared === undefined ? { sha256 } : {};
      await completeUpload(job.internals, uploadId, { parts, ...hash }, signal);
      return { outcome: "uploaded", uploadId };
    } catch (error) {
      if (round === ROUNDS || !hasCode(error, "parts_missing", "part_mismatch")) throw error;
      received = (await getUpload(job.internals, uploadId, signal)).received ?? [];
      const stored = new Set(received.map((part) => part.number));
      for (const number of job.etags.keys()) if (!stored.has(number)) job.etags.delete(number);
    }
  }
}

/** Lists all parts with their `ETag`s. Asks the server for those that the bucket's CORS rules hide. */
async function completedParts(
  job: Job,
  { uploadId, partCount }: Multipart,
  signal: AbortSignal,
): Promise<Completion["parts"]> {
  const numbers = numbersTo(partCount);
  if (numbers.some((number) => !job.etags.get(number))) {
    const { received = [] } = await getUpload(job.internals, uploadId, signal);
    for (const part of received) {
      if (!job.etags.get(part.number)) job.etags.set(part.number, part.etag);
    }
  }
  return numbers.map((number) => ({ number, etag: job.etags.get(number) ?? "" }));
}

function numbersTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

/**
 * Sends the missing parts. Returns a version if the account turns out to have the bytes before all are sent.
 */
async function sendMissing(
  job: Job,
  multipart: Multipart,
  declared: string | undefined,
  outer: AbortSignal,
): Promise<Version | undefined> {
  const { partSize, partCount, received, uploadId, urls } = multipart;
  const { controller, signal, unlink } = linked(outer);
  const bodyOf = (number: number) => job.file.slice((number - 1) * partSize, number * partSize);
  const numbers = numbersTo(partCount);
  const usable = received.filter(
    ({ number, size }) => number <= partCount && size === bodyOf(number).size && !job.inFlight.has(number),
  );
  const stored = new Set(usable.map((part) => part.number));
  // A part that was in flight may have arrived after the server was asked.
  const missing = numbers.filter((number) => !stored.has(number) && !job.etags.has(number));
  const resumedBytes = missing.reduce((rest, number) => rest - bodyOf(number).size, job.file.size);
  job.meter.begin(partCount, partCount - missing.length, resumedBytes, resumedBytes);
  const sender = new PartSender(job, { uploadId, bodyOf, missing, urls }, signal);
  const verify = async (part: ReceivedPart) => {
    if (await matches(job, part, bodyOf(part.number), signal)) return;
    job.meter.retract(part.size);
    sender.add(part.number);
    await sender.send(part.number);
  };
  try {
    const sending = Promise.all([...missing.map((number) => sender.send(number)), ...usable.map(verify)]);
    const finding = declared === undefined ? findInstant(job, () => sender.isDone, signal) : undefined;
    const both = Promise.all([finding, sending]).then(([version]) => version);
    // Fails as soon as either fails. Ends early if a version is found; otherwise waits for both.
    return await Promise.race([both, (finding ?? both).then((version) => version ?? both)]);
  } finally {
    if (!outer.aborted) job.inFlight.cancel();
    controller.abort();
    unlink();
  }
}

/** Asks whether the account has the bytes, if the hash is known before all parts are sent. */
async function findInstant(
  job: Job,
  isDone: () => boolean,
  signal: AbortSignal,
): Promise<Version | undefined> {
  const sha256 = await sha256Of(job, signal);
  if (isDone() || signal.aborted) return undefined;
  return lookUpFile(job, sha256, signal);
}
