import { text } from "../i18n/index.js";
import { showFiles } from "./listing.js";
import { announce } from "./notices.js";
import { type Entry, entries, stateOf } from "./queue.js";
import { refreshAccount } from "./session.js";
import { isSettled, totalsOf } from "./totals.js";
import { forgetFinished, refreshUnfinished } from "./unfinished.js";

/** What ended is shown together, this long after the first of it. */
const GATHERED_MILLISECONDS = 400;

let gathered: Entry[] = [];
let timer: ReturnType<typeof setTimeout> | undefined;

/** Shows what an upload that ended has changed: the list, the room, what is said. */
export function settled(entry: Entry): void {
  gathered.push(entry);
  if (timer === undefined) timer = setTimeout(showGathered, GATHERED_MILLISECONDS);
}

function showGathered(): void {
  timer = undefined;
  const ended = gathered;
  gathered = [];
  const results = ended
    .map((entry) => stateOf(entry).result?.version)
    .filter((version) => version !== undefined);
  showFiles(results);
  forgetFinished();
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
    announce(queue.oneDone(only.name));
  else if (open === 0 && all.available + all.failed > 0) announce(queue.allDone(all.available, all.failed));
  else {
    const failed = ended.find((entry) => stateOf(entry).progress.phase === "failed");
    const before = all.available - ended.filter((entry) => isSettled(stateOf(entry).progress.phase)).length;
    if (failed !== undefined) announce(queue.oneFailed(failed.name));
    else if (before < all.count / 2 && all.available >= all.count / 2) announce(queue.halfDone);
  }
}
