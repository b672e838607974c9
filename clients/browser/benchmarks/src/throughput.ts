import type { Browser } from "playwright-core";
import type { Way } from "../page/types.js";
import { type Account, deleteFile, makeAccount } from "./account.js";
import { measure, type Run } from "./measure.js";
import { servePage } from "./page-server.js";
import { randomFile } from "./random-file.js";
import { bytes, largest, median, seconds, table } from "./table.js";

const MIB = 1024 * 1024;
const PART_BYTES = 16 * MIB;
const PARALLEL = 6;
const NAMES: Record<Way, string> = {
  bare: "bare loop of presigned PUTs",
  sluice: "`upload()` of the SDK",
  uppy: "`@uppy/aws-s3`",
};
const WAYS = Object.keys(NAMES) as Way[];

/** Uploads files of fresh random bytes in each way, one after the other, over and over. */
export async function measureThroughput(browser: Browser, api: string, sizeMib: number, rounds: number) {
  await using _page = await servePage();
  const account = await makeAccount(api);
  const runs: Record<Way, Run[]> = { bare: [], sluice: [], uppy: [] };
  for (let round = 0; round < rounds; round++) {
    // Each way is the first one in turn.
    for (const index of WAYS.keys()) {
      const way = WAYS[(index + round) % WAYS.length] as Way;
      const run = await upload(browser, account, way, sizeMib * MIB);
      runs[way].push(run);
      process.stderr.write(`round ${round + 1}: ${way} ${seconds(run.completedMillis)}\n`);
    }
  }
  const title = `One file of ${sizeMib} MiB in parts of 16 MiB, ${PARALLEL} at once; medians of ${rounds} rounds, most and longest of all.`;
  return `${title}\n\n${report(runs)}`;
}

async function upload(browser: Browser, account: Account, way: Way, size: number): Promise<Run> {
  await using file = await randomFile(size);
  const job = { ...account, path: `${way}-${Date.now()}`, partSize: PART_BYTES, parallel: PARALLEL };
  const run = await measure(browser, file.path, way, job);
  await deleteFile(account, job.path);
  return run;
}

function report(runs: Record<Way, Run[]>): string {
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
  const rows = WAYS.map((way) => {
    const of = (field: keyof Run) => runs[way].map((run) => run[field]);
    const completed = median(of("completedMillis"));
    return [
      NAMES[way],
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
