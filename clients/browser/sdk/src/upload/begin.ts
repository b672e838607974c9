import { idempotencyKey } from "../api/call.js";
import { type Begun, beginUpload, type UploadRequest } from "../api/uploads.js";
import type { Version } from "../types.js";
import { unlessAborted } from "../waiting.js";
import { forgetUpload, type Job } from "./job.js";

/** How far a file has come: the account has its content, or all bytes of an upload have arrived. */
export type Stage =
  { outcome: "instant"; version: Version } | { outcome: "uploaded" | "delta"; uploadId: string };

/** Begins an upload; the same request finds the same upload again, until the upload is forgotten. */
export async function begin(job: Job, request: UploadRequest, signal: AbortSignal): Promise<Begun> {
  const text = JSON.stringify(request);
  if (job.begun?.request !== text) {
    forgetUpload(job);
    job.begun = { request: text, key: idempotencyKey() };
  }
  const { inside, options } = job;
  const { key } = job.begun as { key: string };
  const begun = await inside.beginning.run(job, signal, () => {
    // Not cut short: the server may have begun what we would then not know of.
    job.beginning = beginUpload(inside, request, key, options.ifMatch);
    return unlessAborted(job.beginning, signal);
  });
  if (begun.outcome === "upload") setUpload(job, begun.upload_id);
  return begun;
}

/** The upload that the job is about from here on. */
export function setUpload(job: Job, uploadId: string): void {
  if (job.uploadId !== undefined && job.uploadId !== uploadId) job.sent.clear();
  job.uploadId = uploadId;
  job.meter.uploadId = uploadId;
  job.inside.uploads.add(uploadId);
}
