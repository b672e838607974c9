import { bareLoop } from "./bare-loop.js";
import { Probe } from "./probe.js";
import { sluice } from "./sluice.js";
import type { Job, Measured, Way } from "./types.js";
import { uppyAwsS3 } from "./uppy-aws-s3.js";

const ways: Record<Way, (file: File, job: Job) => Promise<{ completed: number; available: number }>> = {
  bare: bareLoop,
  sluice,
  uppy: uppyAwsS3,
};

declare global {
  interface Window {
    /** Uploads the picked file, and says what it took. Called by the runner. */
    measure: (way: Way, job: Job) => Promise<Measured>;
  }
}

window.measure = async (way, job) => {
  const file = document.querySelector("input")?.files?.[0];
  if (!file) throw new Error("no file has been picked");
  const probe = new Probe();
  const started = performance.now();
  const { completed, available } = await ways[way](file, job);
  const blocked = probe.stop();
  return {
    firstPutMillis: firstPut() - started,
    completedMillis: completed - started,
    availableMillis: available - started,
    ...blocked,
  };
};

/** When the first request went to the bucket: all of these, and no others to another origin, are XMLHttpRequests. */
function firstPut(): number {
  const entries = performance.getEntriesByType("resource") as PerformanceResourceTiming[];
  const puts = entries.filter((entry) => {
    return entry.initiatorType === "xmlhttprequest" && !entry.name.startsWith(location.origin);
  });
  return Math.min(...puts.map((entry) => entry.startTime));
}
