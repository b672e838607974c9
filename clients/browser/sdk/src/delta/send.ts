import { completeUpload, lookUp, type UploadRequest } from "../api/uploads.js";
import { hasCode, SluiceError } from "../errors.js";
import type { Version } from "../types.js";
import { begin, type Stage } from "../upload/begin.js";
import { giveUp } from "../upload/found.js";
import { checkUnchanged, cutOf, type Job, requestOf } from "../upload/job.js";
import { Parts } from "../upload/parts.js";
import { linked } from "../upload/signals.js";
import type { Draft } from "./draft.js";
import { knownRuns } from "./known.js";

/** What the server does not take as packs it takes whole. */
const REFUSALS = [
  "invalid_request",
  "invalid_parts",
  "invalid_manifest",
  "parts_missing",
  "part_mismatch",
  "body_too_large",
];
/** Reasons to reject a delta of what would be accepted whole. */
const REASONS = ["pack_gone", "invalid_manifest", "pack_mismatch"];

/** What is sent of a file that has an earlier version. */
export interface Delta {
  sha256: string;
  draft: Draft;
  packs: Blob[];
  declared: NonNullable<UploadRequest["packs"]>;
}

/** Whether a version that was sent as a delta and rejected would be accepted whole. */
export function isWorthSendingWhole(error: unknown): boolean {
  return hasCode(error, "rejected") && REASONS.includes(error.reason ?? "");
}

/** Sends what the earlier version of the file has not; nothing comes of it if the file is better sent whole. */
export async function sendDelta(job: Job, earlier: Version, signal: AbortSignal): Promise<Stage | undefined> {
  if (!job.delta) {
    const prepared = await prepare(job, earlier, signal);
    if (!prepared || "outcome" in prepared) return prepared;
    job.delta = prepared;
  }
  try {
    return await sendPrepared(job, job.delta, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    // A repeat begins anew: the quota is to be free now.
    job.delta = undefined;
    await giveUp(job);
    if (hasCode(error, ...REFUSALS)) return undefined;
    throw error;
  }
}

/** Cuts the file and compares it with the earlier version. */
async function prepare(job: Job, earlier: Version, signal: AbortSignal): Promise<Delta | Stage | undefined> {
  const { inside, meter, options } = job;
  meter.phase = "hashing";
  const { sha256, ids, lengths } = await cutOf(job, signal);
  // What follows has long answers: not for a content that the account has anyway.
  const version = await lookUp(inside, { ...requestOf(job, sha256), sha256 }, options.ifMatch, signal);
  if (version) return { outcome: "instant", version };
  const known = await knownRuns(inside, earlier, signal);
  const worker = inside.workers.lease();
  try {
    const draft = await worker.run("draft", { cut: { ids, lengths }, known }, { signal });
    return draft && (await declare(job, sha256, draft, signal));
  } finally {
    worker.release();
  }
}

/** Reads what is sent once more, and hashes it as it is sent. */
async function declare(job: Job, sha256: string, draft: Draft, signal: AbortSignal): Promise<Delta> {
  const packs = draft.packs.map(
    (ranges) => new Blob(ranges.map(([start, end]) => job.file.slice(start, end))),
  );
  const declared: Delta["declared"] = [];
  for (const blob of packs) {
    const hash = await job.inside.workers.read(job, "digest", { blob, algorithm: "sha256" }, { signal });
    declared.push({ size: blob.size, sha256: hash });
  }
  return { sha256, draft, packs, declared };
}

async function sendPrepared(job: Job, delta: Delta, outer: AbortSignal): Promise<Stage> {
  const { draft, packs, declared, sha256 } = delta;
  const begun = await begin(job, { ...requestOf(job, sha256), packs: declared }, outer);
  if (begun.outcome === "instant") return { outcome: "instant", version: begun.version };
  if (begun.method !== "packs")
    throw new SluiceError("unexpected_answer", "packs are not to be sent as packs");
  const uploadId = begun.upload_id;
  const { controller, signal, unlink } = linked(outer);
  try {
    const missing = packs.map((_, index) => index + 1).filter((number) => !job.sent.has(number));
    const sentBytes = packs.reduce((sum, pack, index) => sum + (job.sent.has(index + 1) ? pack.size : 0), 0);
    const settledBytes = job.file.size - draft.newBytes + sentBytes;
    job.meter.begin(packs.length, packs.length - missing.length, settledBytes);
    const bodyOf = (number: number) => packs[number - 1] ?? new Blob();
    const parts = new Parts(job, uploadId, bodyOf, missing, begun.parts, signal);
    await Promise.all(missing.map((number) => parts.send(number)));
  } finally {
    controller.abort();
    unlink();
  }
  await checkUnchanged(job);
  await completeUpload(job.inside, uploadId, { parts: [], manifest: draft.manifest }, outer);
  return { outcome: "delta", uploadId };
}
