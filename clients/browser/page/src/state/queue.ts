import { batch, computed, type Signal, signal } from "@preact/signals";
import { SluiceError, type UploadProgress, type UploadResult } from "@sluice/browser";
import { baseName } from "../names.js";
import type { Drop } from "./database.js";
import { isFinished, SpeedMeter, type Totals, totalsOf } from "./totals.js";

/** A file to upload. */
export interface Picked {
  file: File;
  /** Where to upload the file. */
  path: string;
  /** The file's handle, kept so that it need not be picked again after a reload (Chromium). */
  handle?: FileSystemFileHandle | undefined;
  /** The unfinished upload to resume. */
  uploadId?: string | undefined;
  /** What it was added with. */
  drop?: Drop | undefined;
}

/** A row in the queue. */
export interface Entry extends Picked {
  readonly id: number;
  readonly name: string;
  /** Equal for the same file at the same path. */
  readonly identity: string;
  /** Whether the list shows a file at the path, so that this becomes its new version. */
  readonly replaces: boolean;
  readonly state: Signal<EntryState>;
}

/** The progress of an upload and its outcome. */
export interface EntryState {
  progress: UploadProgress;
  result?: UploadResult | undefined;
  error?: unknown;
}

/** How often the rows are updated, however often progress is reported. */
const REFRESH_MILLISECONDS = 200;
/** How often they are updated if uploads run without reporting progress. */
const IDLE_REFRESH_MILLISECONDS = 1000;
/**
 * With more files than this, the queue shows this many unfinished ones, and finished ones only on request.
 */
export const ROWS_MAX = 50;

export const entries = signal<Entry[]>([]);
export const totals = signal<Totals>(totalsOf([]));
/** Bytes per second of all uploads. */
export const speed = signal<number | undefined>(undefined);
export const showFinished = signal(false);
/** Changes whenever an entry finishes or starts again, because the rows to show may change then. */
const finishChanges = signal(0);

const meter = new SpeedMeter();
const changes = new Map<Entry, EntryState>();
let refreshing: ReturnType<typeof setTimeout> | undefined;
let idleRefresh: ReturnType<typeof setTimeout> | undefined;
let lastId = 0;

/** Makes an entry that has not started. */
export function newEntry(picked: Picked, replaces: boolean): Entry {
  const identity = identityOf(picked);
  const state = signal<EntryState>({ progress: unstarted(picked.file.size) });
  return { ...picked, id: ++lastId, name: baseName(picked.path), identity, replaces, state };
}

/** Identifies a picked file. The browser looks the file up on disk, which blocks the page. */
function identityOf({ path, file }: Picked): string {
  return `${file.size}/${file.lastModified}/${path}`;
}

/** Returns the progress of an upload that has not started. */
export function unstarted(size: number): UploadProgress {
  return {
    phase: "waiting",
    size,
    hashedBytes: 0,
    sentBytes: 0,
    resumedBytes: 0,
    wireBytes: 0,
    parts: { done: 0, total: 0, sending: 0 },
  };
}

/** Returns the latest state of an entry, which the rows may not show yet. */
export function stateOf(entry: Entry): EntryState {
  return changes.get(entry) ?? entry.state.peek();
}

/** Notes a change. The rows show it at the next refresh. */
export function note(entry: Entry, change: Partial<EntryState>): void {
  changes.set(entry, { ...stateOf(entry), ...change });
  if (refreshing === undefined) refreshing = setTimeout(refresh, REFRESH_MILLISECONDS);
}

/** Notes a phase change. */
export function notePhase(
  entry: Entry,
  phase: UploadProgress["phase"],
  change: Partial<EntryState> = {},
): void {
  note(entry, { ...change, progress: { ...stateOf(entry).progress, phase } });
}

function refresh(): void {
  refreshing = undefined;
  clearTimeout(idleRefresh);
  batch(() => {
    const hasFinishChange = [...changes].some(([entry, state]) => finishDiffers(entry.state.peek(), state));
    for (const [entry, state] of changes) entry.state.value = state;
    changes.clear();
    if (hasFinishChange) finishChanges.value += 1;
    count();
  });
  // The speed falls even if running uploads report nothing.
  if (totals.peek().active > 0) idleRefresh = setTimeout(refresh, IDLE_REFRESH_MILLISECONDS);
}

function finishDiffers(before: EntryState, after: EntryState): boolean {
  return isFinished(before.progress.phase) !== isFinished(after.progress.phase);
}

function count(): void {
  totals.value = totalsOf(entries.peek().map((entry) => entry.state.peek().progress));
  const { active, offline, wireBytes } = totals.peek();
  const isMoving = active > 0 && offline === 0;
  if (!isMoving) meter.reset();
  speed.value = isMoving ? meter.sample(performance.now(), wireBytes) : undefined;
}

export function addEntries(added: Entry[]): void {
  batch(() => {
    entries.value = [...entries.peek(), ...added];
    meter.reset();
    count();
  });
}

export function removeEntries(isRemoved: (entry: Entry) => boolean): void {
  batch(() => {
    entries.value = entries.peek().filter((entry) => !isRemoved(entry));
    meter.reset();
    count();
  });
}

/** Whether an upload failed because the account has no room for it. */
export function isRefusedForQuota({ error }: EntryState): boolean {
  return error instanceof SluiceError && error.code === "quota_exceeded";
}

/** Whether any upload failed because of that: it is explained once, not in every row. */
export const isAccountFull = computed(() => {
  finishChanges.value;
  return entries.value.some((entry) => isRefusedForQuota(entry.state.peek()));
});

/** The rows to show, in the order they were added, and how many are left out. */
export const rows = computed(() => {
  finishChanges.value;
  const all = entries.value;
  if (all.length <= ROWS_MAX) return { shown: all, waiting: 0, finished: 0 };
  const isCompleted = (entry: Entry) => ["available", "aborted"].includes(entry.state.peek().progress.phase);
  const finished = all.filter(isCompleted);
  const open = all.filter((entry) => !isCompleted(entry));
  const shown = [...open.slice(0, ROWS_MAX), ...(showFinished.value ? finished : [])];
  return { shown, waiting: Math.max(0, open.length - ROWS_MAX), finished: finished.length };
});
