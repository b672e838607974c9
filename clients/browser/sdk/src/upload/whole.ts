import {
  type Completion,
  completeUpload,
  getUpload,
  lookUp,
  type PartUrl,
  type ReceivedPart,
} from "../api/uploads.js";
import { hasCode, SluiceError } from "../errors.js";
import type { Version } from "../types.js";
import { begin, type Stage } from "./begin.js";
import { giveUp, keepUpload } from "./found.js";
import { checkUnchanged, type Job, requestOf, sha256Of } from "./job.js";
import { Parts } from "./parts.js";
import { isSame } from "./received.js";
import { linked } from "./signals.js";

/** How often parts that the server misses are sent again. */
const ROUNDS = 2;

/** A multipart upload, begun just now or earlier. */
export interface Multipart {
  uploadId: string;
  partSize: number;
  partCount: number;
  /** What the bucket has. */
  received: ReceivedPart[];
  /** What is known of where the rest goes. */
  urls: PartUrl[];
}

/** Sends the file whole. Its SHA-256 is declared at the beginning, if it is known by then. */
export async function sendWhole(job: Job, sha256: string | undefined, signal: AbortSignal): Promise<Stage> {
  const { partSize } = job.options;
  const request = { ...requestOf(job, sha256), ...(partSize && { part_size: partSize }) };
  const begun = await begin(job, request, signal);
  if (begun.outcome === "instant") return { outcome: "instant", version: begun.version };
  if (begun.method === "put") return sendSingle(job, begun.upload_id, begun.parts, signal);
  if (begun.method !== "multipart") {
    throw new SluiceError("unexpected_answer", "a whole file is to be sent in packs");
  }
  await keepUpload(job, begun.upload_id, Date.parse(begun.expires_at));
  const multipart: Multipart = {
    uploadId: begun.upload_id,
    partSize: begun.part_size,
    partCount: begun.part_count,
    received: [],
    urls: begun.parts,
  };
  return sendMultipart(job, multipart, sha256, signal);
}

/** The bucket's own event makes the version: there is nothing to complete. */
export async function sendSingle(
  job: Job,
  uploadId: string,
  urls: PartUrl[],
  signal: AbortSignal,
): Promise<Stage> {
  const { file, meter } = job;
  const isSent = job.sent.has(1);
  meter.begin(1, isSent ? 1 : 0, isSent ? file.size : 0);
  const parts = new Parts(job, uploadId, () => file.slice(0, file.size), [1], urls, signal);
  try {
    if (!isSent) await parts.send(1);
    await checkUnchanged(job);
  } catch (error) {
    // The bucket may have nothing, or part of another state of the file: the quota is to be free now.
    if (!signal.aborted) await giveUp(job);
    throw error;
  }
  return { outcome: "uploaded", uploadId };
}

/** Sends what the bucket lacks of a multipart upload, while the file is hashed if it has not been. */
export async function sendMultipart(
  job: Job,
  multipart: Multipart,
  declared: string | undefined,
  signal: AbortSignal,
): Promise<Stage> {
  const { uploadId } = multipart;
  let { received } = multipart;
  for (let round = 0; ; round++) {
    const version = await sendMissing(job, { ...multipart, received }, declared, signal);
    if (version) return { outcome: "instant", version };
    if (declared === undefined) job.meter.phase = "hashing";
    const sha256 = declared ?? (await sha256Of(job, signal));
    await checkUnchanged(job);
    try {
      const parts = await etags(job, multipart, signal);
      const hash = declared === undefined ? { sha256 } : {};
      await completeUpload(job.inside, uploadId, { parts, ...hash }, signal);
      return { outcome: "uploaded", uploadId };
    } catch (error) {
      if (round === ROUNDS || !hasCode(error, "parts_missing", "part_mismatch")) throw error;
      received = (await getUpload(job.inside, uploadId, signal)).received ?? [];
    }
  }
}

/** Every part with its `ETag`. Where the bucket's CORS rules hide them from us, the server tells. */
async function etags(
  job: Job,
  { uploadId, partCount }: Multipart,
  signal: AbortSignal,
): Promise<Completion["parts"]> {
  const numbers = Array.from({ length: partCount }, (_, index) => index + 1);
  if (numbers.some((number) => !job.sent.get(number))) {
    const { received = [] } = await getUpload(job.inside, uploadId, signal);
    for (const part of received) {
      if (!job.sent.get(part.number)) job.sent.set(part.number, part.etag);
    }
  }
  return numbers.map((number) => ({ number, etag: job.sent.get(number) ?? "" }));
}

/** Sends what is missing; gives a version if the content turns out to be there before that is done. */
async function sendMissing(
  job: Job,
  multipart: Multipart,
  declared: string | undefined,
  outer: AbortSignal,
): Promise<Version | undefined> {
  const { partSize, partCount, received, uploadId, urls } = multipart;
  const { controller, signal, unlink } = linked(outer);
  const blobOf = (number: number) => job.file.slice((number - 1) * partSize, number * partSize);
  const usable = received.filter(
    (part) => part.number <= partCount && part.size === blobOf(part.number).size,
  );
  const there = new Set(usable.map((part) => part.number));
  const missing = Array.from({ length: partCount }, (_, index) => index + 1).filter((n) => !there.has(n));
  const resumedBytes = usable.reduce((sum, part) => sum + part.size, 0);
  job.meter.begin(partCount, usable.length, resumedBytes, resumedBytes);
  const parts = new Parts(job, uploadId, blobOf, missing, urls, signal);
  const verify = async (part: ReceivedPart) => {
    if (await isSame(job, part, blobOf(part.number), signal)) return;
    job.meter.retract(part.size);
    parts.add(part.number);
    await parts.send(part.number);
  };
  try {
    const sending = Promise.all([...missing.map((number) => parts.send(number)), ...usable.map(verify)]);
    const found = declared === undefined ? findInstant(job, () => parts.isDone, signal) : undefined;
    const both = Promise.all([found, sending]).then(([version]) => version);
    // Whichever fails first fails both; whichever makes the other needless ends both.
    return await Promise.race([both, (found ?? both).then((version) => version ?? both)]);
  } finally {
    controller.abort();
    unlink();
  }
}

/** Asks whether the account has the content, if the hash is known before all is sent. */
async function findInstant(
  job: Job,
  isDone: () => boolean,
  signal: AbortSignal,
): Promise<Version | undefined> {
  const sha256 = await sha256Of(job, signal);
  if (isDone() || signal.aborted) return undefined;
  return lookUp(job.inside, { ...requestOf(job, sha256), sha256 }, job.options.ifMatch, signal);
}
