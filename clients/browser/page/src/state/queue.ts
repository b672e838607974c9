import { batch, computed, type Signal, signal } from "@preact/signals";
import type { UploadProgress, UploadResult } from "@sluice/browser";
import { baseName } from "../names.js";
import { isSettled, SpeedMeter, type Totals, totalsOf } from "./totals.js";

/** A file to upload, and where it comes from. */
export interface Picked {
  file: File;
  /** Where it shall lie. */
  path: string;
  /** Kept, so that the file need not be picked again after a reload (Chromium). */
  handle?: FileSystemFileHandle | undefined;
  /** An unfinished upload to go on with. */
  uploadId?: string | undefined;
}

/** One row of the queue. */
export interface Entry extends Picked {
  readonly id: number;
  readonly name: string;
  /** A file is known to lie at the path: this becomes its new version. */
  readonly replaces: boolean;
  readonly state: Signal<EntryState>;
}

/** How an upload stands, and what became of it. */
export interface EntryState {
  progress: UploadProgress;
  result?: UploadResult | undefined;
  error?: unknown;
}

/** How often the rows are brought up to date, however fast progress is reported. */
const REFRESH_MILLISECONDS = 200;
/** And how often if nothing is reported while something runs. */
const RESTING_MILLISECONDS = 1000;
/** With more than this many files, the list shows so many unfinished ones, and the finished ones only when asked. */
export const MOST_ROWS = 50;

export const entries = signal<Entry[]>([]);
export const totals = signal<Totals>(totalsOf([]));
/** Bytes a second to storage, of all uploads together. */
export const speed = signal<number | undefined>(undefined);
export const showFinished = signal(false);
/** Grows whenever an entry begins, ends or begins again: what is shown as finished may differ then. */
const turns = signal(0);

const meter = new SpeedMeter();
const changes = new Map<Entry, EntryState>();
let refreshing: ReturnType<typeof setTimeout> | undefined;
let resting: ReturnType<typeof setTimeout> | undefined;
let lastId = 0;

/** An entry that waits for its turn. */
export function newEntry(picked: Picked, replaces: boolean): Entry {
  const state = signal<EntryState>({ progress: unstarted(picked.file.size) });
  return { ...picked, id: ++lastId, name: baseName(picked.path), replaces, state };
}

/** The progress of an upload that has not begun. */
export function unstarted(size: number): UploadProgress {
  return {
    phase: "waiting",
    size,
    hashedBytes: 0,
    sentBytes: 0,
    resumedBytes: 0,
    wireBytes: 0,
    parts: { done: 0, total: 0 },
  };
}

/** How an entry stands, ahead of what the rows show. */
export function stateOf(entry: Entry): EntryState {
  return changes.get(entry) ?? entry.state.peek();
}

/** Notes a change; the rows show it at the next refresh, together with all others. */
export function note(entry: Entry, change: Partial<EntryState>): void {
  changes.set(entry, { ...stateOf(entry), ...change });
  if (refreshing === undefined) refreshing = setTimeout(refresh, REFRESH_MILLISECONDS);
}

/** Notes a change of phase. */
export function notePhase(
  entry: Entry,
  phase: UploadProgress["phase"],
  change: Partial<EntryState> = {},
): void {
  note(entry, { ...change, progress: { ...stateOf(entry).progress, phase } });
}

function refresh(): void {
  refreshing = undefined;
  clearTimeout(resting);
  batch(() => {
    const anyTurned = [...changes].some(([entry, state]) => turned(entry.state.peek(), state));
    for (const [entry, state] of changes) entry.state.value = state;
    changes.clear();
    if (anyTurned) turns.value += 1;
    count();
  });
  // While something runs, the speed falls even if nothing is reported.
  if (totals.peek().active > 0) resting = setTimeout(refresh, RESTING_MILLISECONDS);
}

function turned(before: EntryState, after: EntryState): boolean {
  return isSettled(before.progress.phase) !== isSettled(after.progress.phase);
}

function count(): void {
  totals.value = totalsOf(entries.peek().map((entry) => entry.state.peek().progress));
  if (totals.peek().active === 0) meter.reset();
  speed.value =
    totals.peek().active > 0 ? meter.sample(performance.now(), totals.peek().wireBytes) : undefined;
}

/** Adds rows. */
export function addEntries(added: Entry[]): void {
  batch(() => {
    entries.value = [...entries.peek(), ...added];
    meter.reset();
    count();
  });
}

/** Takes rows away. */
export function removeEntries(gone: (entry: Entry) => boolean): void {
  batch(() => {
    entries.value = entries.peek().filter((entry) => !gone(entry));
    meter.reset();
    count();
  });
}

/** The rows to show, in the order in which they came; and how many are left out. */
export const rows = computed(() => {
  turns.value;
  const all = entries.value;
  if (all.length <= MOST_ROWS) return { shown: all, waiting: 0, finished: 0 };
  const isFinished = (entry: Entry) => ["available", "aborted"].includes(entry.state.peek().progress.phase);
  const finished = all.filter(isFinished);
  const open = all.filter((entry) => !isFinished(entry));
  const shown = [...open.slice(0, MOST_ROWS), ...(showFinished.value ? finished : [])];
  return { shown, waiting: Math.max(0, open.length - MOST_ROWS), finished: finished.length };
});
