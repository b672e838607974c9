import { text } from "../i18n/index.js";
import { showFiles } from "./listing.js";
import { readOut } from "./notices.js";
import { type Entry, entries, stateOf } from "./queue.js";
import { refreshAccount } from "./session.js";
import { isFinished, totalsOf } from "./totals.js";
import { forgetEnded, refreshUnfinished } from "./unfinished.js";

/** Finished uploads are shown in batches, this long after the first of a batch. */
const BATCH_MILLISECONDS = 400;

let batch: Entry[] = [];
let timer: ReturnType<typeof setTimeout> | undefined;

/** Updates the list, the usage and the live message after an upload has finished. */
export function reportFinished(entry: Entry): void {
  batch.push(entry);
  if (timer === undefined) timer = setTimeout(showBatch, BATCH_MILLISECONDS);
}

function showBatch(): void {
  timer = undefined;
  const ended = batch;
  batch = [];
  const results = ended
    .map((entry) => stateOf(entry).result?.version)
    .filter((version) => version !== undefined);
  showFiles(results);
  void forgetEnded(ended);
  void refreshAccount();
  if (results.length < ended.length) void refreshUnfinished();
  report(ended);
}

function report(ended: Entry[]): void {
  const all = totalsOf(entries.peek().map((entry) => stateOf(entry).progress));
  const open = all.active + all.paused;
  const { queue } = text.peek();
  const [only] = ended;
  if (all.count === 1 && only !== undefined && stateOf(only).result !== undefined)
    readOut(queue.oneDone(only.name));
  else if (open === 0 && all.available + all.failed > 0) readOut(queue.allDone(all.available, all.failed));
  else {
    const failed = ended.find((entry) => stateOf(entry).progress.phase === "failed");
    const before = all.available - ended.filter((entry) => isFinished(stateOf(entry).progress.phase)).length;
    if (failed !== undefined) readOut(queue.oneFailed(failed.name));
    else if (before < all.count / 2 && all.available >= all.count / 2) readOut(queue.halfDone);
  }
}
