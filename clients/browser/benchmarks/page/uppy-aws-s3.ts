import AwsS3 from "@uppy/aws-s3";
import Uppy from "@uppy/core";
import { begin, call, type Part, settableHeaders, untilAvailable } from "./api.js";
import type { Job } from "./types.js";

type Options = Extract<ConstructorParameters<typeof AwsS3>[1], { signRequest: unknown }>;
type Sign = Options["signRequest"];

/**
 * Uppy's uploader talks to S3 itself: it creates and completes uploads there, and asks for a signed URL for
 * each request. The API signs the URLs of parts, one call per part. For creation and completion, the server
 * of this page answers in place of S3.
 */
function signer(job: Job, size: number): Sign {
  return async (request) => {
    if (!("uploadId" in request)) {
      const { upload_id } = await begin(job, size);
      return { url: `${location.origin}/s3/created/${upload_id}`, key: upload_id };
    }
    if (!("partNumber" in request)) {
      const query = new URLSearchParams({ api: job.api, token: job.token });
      return { url: `${location.origin}/s3/completed/${request.uploadId}?${query}` };
    }
    const body = { parts: [{ number: request.partNumber }] };
    const { parts } = await call<{ parts: [Part] }>(job, "POST", `/uploads/${request.uploadId}/parts`, body);
    return { url: parts[0].url, headers: settableHeaders(parts[0]) };
  };
}

/** Uploads with `@uppy/aws-s3` and the same parts. It sends the parts of one file one after the other. */
export async function uppyAwsS3(file: File, job: Job): Promise<{ completed: number; available: number }> {
  const uppy = new Uppy().use(AwsS3, {
    shouldUseMultipart: true,
    getChunkSize: () => job.partSize,
    limit: job.parallel,
    signRequest: signer(job, file.size),
  });
  uppy.addFile(file);
  const result = await uppy.upload();
  const completed = performance.now();
  const body = result?.successful?.[0]?.response?.body as { key: string } | undefined;
  if (!body) throw new Error(`the upload failed: ${result?.failed?.[0]?.error}`);
  return { completed, available: await untilAvailable(job, body.key) };
}
