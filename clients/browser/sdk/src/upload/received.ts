import type { ReceivedPart } from "../api/uploads.js";
import type { Job } from "./job.js";

/** The MD5 that an `ETag` is, if it is one: in lower-case hex. */
export function md5Of(etag: string): string | undefined {
  const bare = etag.replaceAll('"', "").toLowerCase();
  return /^[0-9a-f]{32}$/.test(bare) ? bare : undefined;
}

/**
 * Whether a part that the bucket has is what the file holds there. What this page has sent itself it is; else the MD5
 * tells, and where the bucket gives none, nothing does. The `ETag` of a part that is right is noted in the job.
 */
export async function isSame(
  job: Job,
  part: ReceivedPart,
  bytes: Blob,
  signal: AbortSignal,
): Promise<boolean> {
  const etag = part.etag.replaceAll('"', "");
  if (job.sent.get(part.number)?.toLowerCase() === etag.toLowerCase()) return true;
  const expected = md5Of(etag);
  if (expected === undefined) return false;
  const md5 = await job.inside.workers.read(job, "digest", { blob: bytes, algorithm: "md5" }, { signal });
  if (md5 !== expected) return false;
  job.sent.set(part.number, etag);
  return true;
}
