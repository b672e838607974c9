import type { ReceivedPart } from "../api/uploads.js";
import type { Job } from "./job.js";

/** Returns the MD5 in an `ETag`, in lower-case hex; undefined if it is no MD5. */
export function md5Of(etag: string): string | undefined {
  const bare = etag.replaceAll('"', "").toLowerCase();
  return /^[0-9a-f]{32}$/.test(bare) ? bare : undefined;
}

/**
 * Whether a part in the bucket equals the file's bytes: this page sent it, or its MD5 matches. Without an MD5
 * it counts as different. Notes the `ETag` of a part that matches in the job.
 */
export async function matches(
  job: Job,
  part: ReceivedPart,
  bytes: Blob,
  signal: AbortSignal,
): Promise<boolean> {
  const etag = part.etag.replaceAll('"', "");
  if (job.etags.get(part.number)?.toLowerCase() === etag.toLowerCase()) return true;
  const expected = md5Of(etag);
  if (expected === undefined) return false;
  const input = { blob: bytes, algorithm: "md5" } as const;
  const md5 = await job.internals.workers.read(job, "digest", input, { signal });
  if (md5 !== expected) return false;
  job.etags.set(part.number, etag);
  return true;
}
