import type { Browser } from "playwright-core";
import { deleteFile, makeAccount } from "./account.js";
import { measure } from "./measure.js";
import { servePage } from "./page-server.js";
import { randomFile } from "./random-file.js";
import { bytes, seconds, table } from "./table.js";

const MIB = 1024 * 1024;

/** Uploads one large file with the SDK, which hashes it meanwhile. */
export async function measureHashing(browser: Browser, api: string, sizeGib: number): Promise<string> {
  await using _page = await servePage();
  await using file = await randomFile(sizeGib * 1024 * MIB);
  const account = await makeAccount(api);
  const job = { ...account, path: "large", partSize: 16 * MIB, parallel: 6 };
  const run = await measure(browser, file.path, "sluice", job);
  await deleteFile(account, job.path);
  const columns = [
    "size",
    "completed",
    "available",
    "longest task",
    "timer late by",
    "JS heap",
    "process grew by",
  ];
  const row = [
    `${sizeGib} GiB`,
    seconds(run.completedMillis),
    seconds(run.availableMillis),
    `${Math.round(run.longestTaskMillis)} ms`,
    `${Math.round(run.longestDelayMillis)} ms`,
    bytes(run.heapBytes),
    bytes(run.memoryBytes),
  ];
  return `One large file, hashed and uploaded by the SDK.\n\n${table(columns, [row])}`;
}
