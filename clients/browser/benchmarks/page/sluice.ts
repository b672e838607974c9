import { connect, upload } from "@sluice/browser";
import type { Job } from "./types.js";

/** The SDK's own upload. */
export async function sluice(file: File, job: Job): Promise<{ completed: number; available: number }> {
  const connection = connect({ api: job.api, token: job.token, parallel: job.parallel });
  let completed: number | undefined;
  const { outcome } = await upload(connection, file, {
    path: job.path,
    partSize: job.partSize,
    onProgress: ({ phase }) => {
      if (phase === "verifying") completed ??= performance.now();
    },
  });
  if (outcome !== "uploaded" || completed === undefined) throw new Error(`the outcome is ${outcome}`);
  return { completed, available: performance.now() };
}
