import { bareLoop } from "./bare-loop.js";
import { Probe } from "./probe.js";
import { sluice } from "./sluice.js";
import type { Job, Measured, Uploader } from "./types.js";
import { uppyAwsS3 } from "./uppy-aws-s3.js";

const uploaders: Record<
  Uploader,
  (file: File, job: Job) => Promise<{ completed: number; available: number }>
> = {
  bare: bareLoop,
  sluice,
  uppy: uppyAwsS3,
};

declare global {
  interface Window {
    /** Uploads the picked file and measures that. Called by the runner. */
    measure: (uploader: Uploader, job: Job) => Promise<Measured>;
  }
}

window.measure = async (uploader, job) => {
  const file = document.querySelector("input")?.files?.[0];
  if (!file) throw new Error("no file has been picked");
  const probe = new Probe();
  const started = performance.now();
  const { completed, available } = await uploaders[uploader](file, job);
  const blocked = probe.stop();
  return {
    firstPutMillis: firstPut() - started,
    completedMillis: completed - started,
    availableMillis: available - started,
    ...blocked,
  };
};

/** Returns the time of the first request to the bucket. Only those are XMLHttpRequests to another origin. */
function firstPut(): number {
  const entries = performance.getEntriesByType("resource") as PerformanceResourceTiming[];
  const puts = entries.filter((entry) => {
    return entry.initiatorType === "xmlhttprequest" && !entry.name.startsWith(location.origin);
  });
  return Math.min(...puts.map((entry) => entry.startTime));
}
