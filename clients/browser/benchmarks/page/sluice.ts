import { connect, upload } from "@sluice/browser";
import type { Job } from "./types.js";

/** Uploads with the SDK. */
export async function sluice(file: File, job: Job): Promise<{ completed: number; available: number }> {
  const connection = connect({ api: job.api, token: job.token, parallel: job.parallel });
  let completed: number | undefined;
  const { result } = upload(connection, file, {
    path: job.path,
    partSize: job.partSize,
    onProgress: ({ phase }) => {
      if (phase === "verifying") completed ??= performance.now();
    },
  });
  const { outcome } = await result;
  if (outcome !== "uploaded" || completed === undefined) throw new Error(`the outcome is ${outcome}`);
  return { completed, available: performance.now() };
}
