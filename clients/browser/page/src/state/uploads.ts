import { SluiceError, type Upload, type UploadResult, upload } from "@sluice/browser";
import { text } from "../i18n/index.js";
import { isListed } from "./listing.js";
import { readOut } from "./notices.js";
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
import { reportFinished } from "./finished.js";
import type { Drop } from "./database.js";
import { noteFiles } from "./drops.js";
import { inSlices } from "./slices.js";
import { isFinished } from "./totals.js";

/** Most uploads that the library runs at once. The others wait here, where they cost nothing. */
const RUNNING_MAX = 100;

const running = new Map<Entry, Upload>();
let waiting: Entry[] = [];

/** Files that are being added. What is done to all uploads is done to them too. */
interface Addition {
  then: "start" | "pause" | "cancel";
}

const additions = new Set<Addition>();

/**
 * Adds files of a drop to the queue, except those that are in it and unfinished. Lets the page respond
 * meanwhile.
 */
export async function addFiles(picked: Picked[], drop: Drop): Promise<void> {
  let count = 0;
  const addition: Addition = { then: "start" };
  additions.add(addition);
  for await (const slice of inSlices(picked, (one) => newEntry({ ...one, drop }, isListed(one.path)))) {
    if (addition.then === "cancel") break;
    const open = new Set(unfinishedEntries().map((entry) => entry.identity));
    const added = slice.filter((entry) => !open.has(entry.identity));
    count += added.length;
    addEntries(added);
    void noteFiles(drop, added);
    if (addition.then === "pause") for (const entry of added) notePhase(entry, "paused");
    else waiting.push(...added);
    startNext();
  }
  additions.delete(addition);
  if (count > 0) readOut(text.peek().drop.added(count));
}

function unfinishedEntries(): Entry[] {
  return entries.peek().filter((entry) => !isFinished(stateOf(entry).progress.phase));
}

function startNext(): void {
  let active = [...running.keys()].filter((entry) => stateOf(entry).progress.phase !== "paused").length;
  for (; active < RUNNING_MAX && waiting.length > 0; active += 1) {
    const entry = waiting.shift();
    if (entry !== undefined) start(entry);
  }
}

function start(entry: Entry): void {
  const started = upload(connection, entry.file, {
    path: entry.path,
    uploadId: entry.uploadId,
    fileHandle: entry.handle,
    onProgress: (progress) => running.has(entry) && note(entry, { progress }),
  });
  running.set(entry, started);
  started.result.then(
    (result) => end(entry, result),
    (error) => end(entry, undefined, error),
  );
}

function end(entry: Entry, result?: UploadResult, error?: unknown): void {
  running.delete(entry);
  const aborted = error instanceof SluiceError && error.code === "aborted";
  const phase = result !== undefined ? "available" : aborted ? "aborted" : "failed";
  notePhase(entry, phase, { result, error: aborted ? undefined : error });
  reportFinished(entry);
  startNext();
}

/** Pauses an upload. The server keeps the parts sent so far. */
export function pause(entry: Entry): void {
  const upload = running.get(entry);
  if (upload !== undefined) upload.pause();
  else if (waiting.includes(entry)) {
    waiting = waiting.filter((other) => other !== entry);
    notePhase(entry, "paused");
  }
}

/** Resumes a paused upload. */
export function resume(entry: Entry): void {
  const upload = running.get(entry);
  if (upload !== undefined) upload.resume();
  else if (stateOf(entry).progress.phase === "paused") enqueue(entry);
}

/** Starts a failed or cancelled upload again. Parts that the server has are not sent again. */
export function retry(entry: Entry): void {
  if (running.has(entry) || !isFinished(stateOf(entry).progress.phase)) return;
  // It was forgotten if it was cancelled.
  if (entry.drop !== undefined) void noteFiles(entry.drop, [entry]);
  enqueue(entry);
}

function enqueue(entry: Entry): void {
  note(entry, { progress: unstarted(entry.file.size), error: undefined, result: undefined });
  waiting.push(entry);
  startNext();
}

/** Aborts an upload, also at the server. */
export function cancel(entry: Entry): void {
  const upload = running.get(entry);
  waiting = waiting.filter((other) => other !== entry);
  if (upload === undefined) {
    notePhase(entry, "aborted");
    reportFinished(entry);
  }
  // If this fails, the upload expires at the server.
  else upload.abort().catch(() => undefined);
}

const inPhase = (...phases: string[]) =>
  entries.peek().filter((entry) => phases.includes(stateOf(entry).progress.phase));
export function pauseAll(): void {
  for (const addition of additions) addition.then = "pause";
  waiting = [];
  for (const entry of inPhase("waiting", "hashing", "uploading", "offline")) {
    if (running.has(entry)) running.get(entry)?.pause();
    else notePhase(entry, "paused");
  }
}

/** Resumes all paused uploads. */
export function resumeAll(): void {
  for (const addition of additions) addition.then = "start";
  inPhase("paused").forEach(resume);
}

/** Retries all failed uploads. */
export function retryAll(): void {
  inPhase("failed").forEach(retry);
}

/** Aborts all unfinished uploads. */
export function cancelAll(): void {
  for (const addition of additions) addition.then = "cancel";
  waiting = [];
  unfinishedEntries().forEach(cancel);
}

/** Removes the rows of available and cancelled uploads. */
export function clearFinished(): void {
  removeEntries((entry) => ["available", "aborted"].includes(stateOf(entry).progress.phase));
}

/** Removes the row of a finished upload. */
export function remove(entry: Entry): void {
  removeEntries((other) => other === entry);
}
