import { idempotencyKey } from "../api/call.js";
import { type CreatedUpload, createUpload, type UploadRequest } from "../api/uploads.js";
import type { Version } from "../types.js";
import { unlessAborted } from "../waiting.js";
import { forgetParts, type Job, resetUpload } from "./job.js";

/** The end of a transfer: the account already had the bytes, or all of them have arrived. */
export type Transferred =
  { outcome: "instant"; version: Version } | { outcome: "uploaded" | "delta"; uploadId: string };

/** Creates an upload. The same request returns the same upload until `resetUpload`. */
export async function create(job: Job, request: UploadRequest, signal: AbortSignal): Promise<CreatedUpload> {
  const text = JSON.stringify(request);
  if (job.creation?.request !== text) {
    resetUpload(job);
    job.creation = { request: text, key: idempotencyKey() };
  }
  const { internals, options } = job;
  const { key } = job.creation as { key: string };
  const created = await internals.creating.run(job, signal, () => {
    // Never cancelled: the server might create an upload that this page would not know of.
    job.created = createUpload(internals, request, key, options.ifMatch);
    return unlessAborted(job.created, signal);
  });
  if (created.outcome === "upload") setUpload(job, created.uploadId);
  return created;
}

/** Makes this the upload that the job works on. */
export function setUpload(job: Job, uploadId: string): void {
  if (job.uploadId !== undefined && job.uploadId !== uploadId) forgetParts(job);
  job.uploadId = uploadId;
  job.meter.uploadId = uploadId;
  job.internals.uploads.add(uploadId);
}
