import { completeUpload } from "../api/uploads.js";
import { runsOf } from "../delta/earlier.js";
import type { Delta, Draft } from "../delta/types.js";
import { hasCode, SluiceError } from "../errors.js";
import { linked } from "../signals.js";
import type { Version } from "../types.js";
import { create, type Transferred } from "./create.js";
import { checkUnchanged, chunksOf, type Job, lookUpFile, requestOf } from "./job.js";
import { PartSender } from "./parts.js";
import { abandonUpload } from "./resumable.js";

/** Errors after which the file is sent whole instead. */
const REFUSALS = [
  "invalid_request",
  "invalid_parts",
  "invalid_manifest",
  "parts_missing",
  "part_mismatch",
  "body_too_large",
];
/** Reasons to reject a delta upload that do not apply to the whole file. */
const DELTA_REASONS = ["pack_gone", "invalid_manifest", "pack_mismatch"];

/** Whether the server rejected a version only because it was sent as a delta. */
export function isWorthSendingWhole(error: unknown): boolean {
  return hasCode(error, "rejected") && DELTA_REASONS.includes(error.reason ?? "");
}

/** Sends the chunks that the earlier version lacks. Returns undefined if the file is better sent whole. */
export async function sendDelta(
  job: Job,
  earlier: Version,
  signal: AbortSignal,
): Promise<Transferred | undefined> {
  if (!job.delta) {
    const prepared = await prepare(job, earlier, signal);
    if (!prepared || "outcome" in prepared) return prepared;
    job.delta = prepared;
  }
  try {
    return await sendPrepared(job, job.delta, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    // Another attempt creates another upload, so release the quota now.
    job.delta = undefined;
    await abandonUpload(job);
    if (hasCode(error, ...REFUSALS)) return undefined;
    throw error;
  }
}

/** Cuts the file into chunks and compares them with those of the earlier version. */
async function prepare(
  job: Job,
  earlier: Version,
  signal: AbortSignal,
): Promise<Delta | Transferred | undefined> {
  const { internals, meter } = job;
  meter.phase = "hashing";
  const { sha256, ids, lengths } = await chunksOf(job, signal);
  // Plans are long answers. Skip them if the account has the bytes.
  const version = await lookUpFile(job, sha256, signal);
  if (version) return { outcome: "instant", version };
  const runs = await runsOf(internals, earlier, signal);
  const worker = internals.workers.lease();
  try {
    const draft = await worker.run("draft", { chunks: { ids, lengths }, runs }, { signal });
    return draft && (await declare(job, sha256, draft, signal));
  } finally {
    worker.release();
  }
}

/** Hashes the packs, which reads their bytes once more. */
async function declare(job: Job, sha256: string, draft: Draft, signal: AbortSignal): Promise<Delta> {
  const packs = draft.packs.map(
    (ranges) => new Blob(ranges.map(([start, end]) => job.file.slice(start, end))),
  );
  const declared: Delta["declared"] = [];
  for (const blob of packs) {
    const input = { blob, algorithm: "sha256" } as const;
    const hash = await job.internals.workers.read(job, "digest", input, { signal });
    declared.push({ size: blob.size, sha256: hash });
  }
  return { sha256, draft, packs, declared };
}

async function sendPrepared(job: Job, delta: Delta, outer: AbortSignal): Promise<Transferred> {
  const { draft, packs, declared, sha256 } = delta;
  const created = await create(job, { ...requestOf(job, sha256), packs: declared }, outer);
  if (created.outcome === "instant") return { outcome: "instant", version: created.version };
  if (created.method !== "packs") {
    throw new SluiceError("unexpected_answer", "the server does not ask for packs");
  }
  const { uploadId } = created;
  const { controller, signal, unlink } = linked(outer);
  try {
    const missing = packs.map((_, index) => index + 1).filter((number) => !job.etags.has(number));
    const sentBytes = packs.reduce((sum, pack, index) => sum + (job.etags.has(index + 1) ? pack.size : 0), 0);
    const confirmedBytes = job.file.size - draft.newBytes + sentBytes;
    job.meter.begin(packs.length, packs.length - missing.length, confirmedBytes);
    const bodyOf = (number: number) => packs[number - 1] ?? new Blob();
    const sender = new PartSender(job, { uploadId, bodyOf, missing, urls: created.parts }, signal);
    await Promise.all(missing.map((number) => sender.send(number)));
  } finally {
    if (!outer.aborted) job.inFlight.cancel();
    controller.abort();
    unlink();
  }
  await checkUnchanged(job);
  await completeUpload(job.internals, uploadId, { parts: [], manifest: draft.manifest }, outer);
  return { outcome: "delta", uploadId };
}
