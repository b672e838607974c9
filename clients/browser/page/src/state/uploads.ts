import { SluiceError, type Upload, type UploadResult, upload } from "@sluice/browser";
import { text } from "../i18n/index.js";
import { isKnown } from "./listing.js";
import { announce } from "./notices.js";
import {
  addEntries,
  type Entry,
  entries,
  newEntry,
  note,
  notePhase,
  type Picked,
  removeEntries,
  stateOf,
  unstarted,
} from "./queue.js";
import { connection } from "./session.js";
import { settled } from "./settled.js";
import { isSettled } from "./totals.js";

/** How many uploads are handed to the library at once; the others wait here, where they cost nothing. */
const MOST_AT_ONCE = 100;

const running = new Map<Entry, Upload>();
let waiting: Entry[] = [];

/** Adds files to the queue. A file that is in it already, unfinished, is left out. */
export function addFiles(picked: Picked[]): void {
  const open = new Set(
    entries
      .peek()
      .filter((entry) => !isSettled(stateOf(entry).progress.phase))
      .map(identity),
  );
  const added = picked
    .filter((one) => !open.has(identity(one)))
    .map((one) => newEntry(one, isKnown(one.path)));
  if (added.length === 0) return;
  addEntries(added);
  waiting.push(...added);
  announce(text.peek().drop.added(added.length));
  startNext();
}

function identity({ path, file }: Picked): string {
  return `${file.size}/${file.lastModified}/${path}`;
}

function startNext(): void {
  let active = [...running.keys()].filter((entry) => stateOf(entry).progress.phase !== "paused").length;
  for (; active < MOST_AT_ONCE && waiting.length > 0; active += 1) {
    const entry = waiting.shift();
    if (entry !== undefined) begin(entry);
  }
}

function begin(entry: Entry): void {
  const handle = upload(connection, entry.file, {
    path: entry.path,
    uploadId: entry.uploadId,
    fileHandle: entry.handle,
    onProgress: (progress) => running.has(entry) && note(entry, { progress }),
  });
  running.set(entry, handle);
  handle.then(
    (result) => end(entry, result),
    (error) => end(entry, undefined, error),
  );
}

function end(entry: Entry, result?: UploadResult, error?: unknown): void {
  running.delete(entry);
  const aborted = error instanceof SluiceError && error.code === "aborted";
  const phase = result !== undefined ? "available" : aborted ? "aborted" : "failed";
  notePhase(entry, phase, { result, error: aborted ? undefined : error });
  settled(entry);
  startNext();
}

/** Stops an upload; what has been sent stays. */
export function pause(entry: Entry): void {
  const handle = running.get(entry);
  if (handle !== undefined) handle.pause();
  else if (waiting.includes(entry)) {
    waiting = waiting.filter((other) => other !== entry);
    notePhase(entry, "paused");
  }
}

/** Goes on with an upload that was stopped. */
export function resume(entry: Entry): void {
  const handle = running.get(entry);
  if (handle !== undefined) handle.resume();
  else if (stateOf(entry).progress.phase === "paused") enqueue(entry);
}

/** Begins a failed or cancelled upload again; what the server has of it is not sent again. */
export function retry(entry: Entry): void {
  if (running.has(entry) || !isSettled(stateOf(entry).progress.phase)) return;
  enqueue(entry);
}

function enqueue(entry: Entry): void {
  note(entry, { progress: unstarted(entry.file.size), error: undefined, result: undefined });
  waiting.push(entry);
  startNext();
}

/** Gives an upload up. */
export function cancel(entry: Entry): void {
  const handle = running.get(entry);
  waiting = waiting.filter((other) => other !== entry);
  if (handle === undefined) notePhase(entry, "aborted");
  // A failure to tell the server is no matter: it gives up what nobody finishes.
  else handle.abort().catch(() => undefined);
}

const inPhase = (...phases: string[]) =>
  entries.peek().filter((entry) => phases.includes(stateOf(entry).progress.phase));

/** Stops all. */
export function pauseAll(): void {
  waiting = [];
  for (const entry of inPhase("waiting", "hashing", "uploading", "offline")) {
    if (running.has(entry)) running.get(entry)?.pause();
    else notePhase(entry, "paused");
  }
}

/** Goes on with all that were stopped. */
export function resumeAll(): void {
  inPhase("paused").forEach(resume);
}

/** Begins all failed ones again. */
export function retryAll(): void {
  inPhase("failed").forEach(retry);
}

/** Gives all up that are not finished. */
export function cancelAll(): void {
  waiting = [];
  for (const entry of entries.peek()) if (!isSettled(stateOf(entry).progress.phase)) cancel(entry);
}

/** Takes the finished and cancelled rows away. */
export function clearFinished(): void {
  removeEntries((entry) => ["available", "aborted"].includes(stateOf(entry).progress.phase));
}

/** Takes one settled row away. */
export function remove(entry: Entry): void {
  removeEntries((other) => other === entry);
}
