import type { Browser } from "playwright-core";
import type { Uploader } from "../page/types.js";
import { type Account, deleteFile, makeAccount } from "./account.js";
import { measure, type Run } from "./measure.js";
import { servePage } from "./page-server.js";
import { randomFile } from "./random-file.js";
import { bytes, largest, median, seconds, table } from "./table.js";

const MIB = 1024 * 1024;
const PART_BYTES = 16 * MIB;
const PARALLEL = 6;
const NAMES: Record<Uploader, string> = {
  bare: "bare loop of presigned PUTs",
  sluice: "`upload()` of the SDK",
  uppy: "`@uppy/aws-s3`",
};
const UPLOADERS = Object.keys(NAMES) as Uploader[];

/** Uploads new random files with each uploader in turn, for some rounds. */
export async function measureThroughput(browser: Browser, api: string, sizeMib: number, rounds: number) {
  await using _page = await servePage();
  const account = await makeAccount(api);
  const runs: Record<Uploader, Run[]> = { bare: [], sluice: [], uppy: [] };
  for (let round = 0; round < rounds; round++) {
    // Each uploader goes first in turn.
    for (const index of UPLOADERS.keys()) {
      const uploader = UPLOADERS[(index + round) % UPLOADERS.length] as Uploader;
      const run = await upload(browser, account, uploader, sizeMib * MIB);
      runs[uploader].push(run);
      process.stderr.write(`round ${round + 1}: ${uploader} ${seconds(run.completedMillis)}\n`);
    }
  }
  const title = `One file of ${sizeMib} MiB in parts of 16 MiB, ${PARALLEL} at once; medians of ${rounds} rounds, most and longest of all.`;
  return `${title}\n\n${report(runs)}`;
}

async function upload(browser: Browser, account: Account, uploader: Uploader, size: number): Promise<Run> {
  await using file = await randomFile(size);
  const job = { ...account, path: `${uploader}-${Date.now()}`, partSize: PART_BYTES, parallel: PARALLEL };
  const run = await measure(browser, file.path, uploader, job);
  await deleteFile(account, job.path);
  return run;
}

function report(runs: Record<Uploader, Run[]>): string {
  const columns = [
    "",
    "first PUT",
    "completed",
    "to the bare loop",
    "available",
    "longest task",
    "timer late by",
    "JS heap",
    "process grew by",
    "sent",
    "requests",
  ];
  const bare = median(runs.bare.map((run) => run.completedMillis));
  const rows = UPLOADERS.map((uploader) => {
    const of = (field: keyof Run) => runs[uploader].map((run) => run[field]);
    const completed = median(of("completedMillis"));
    return [
      NAMES[uploader],
      seconds(median(of("firstPutMillis"))),
      seconds(completed),
      `× ${(completed / bare).toFixed(2)}`,
      seconds(median(of("availableMillis"))),
      `${Math.round(largest(of("longestTaskMillis")))} ms`,
      `${Math.round(largest(of("longestDelayMillis")))} ms`,
      bytes(largest(of("heapBytes"))),
      bytes(largest(of("memoryBytes"))),
      bytes(median(of("sentBytes"))),
      String(median(of("requests"))),
    ];
  });
  return table(columns, rows);
}
