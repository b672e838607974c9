import { SluiceError } from "@sluice/browser";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import {
  addEntries,
  entries,
  isAccountFull,
  ROWS_MAX,
  newEntry,
  note,
  notePhase,
  removeEntries,
  rows,
  showFinished,
  speed,
  stateOf,
  totals,
} from "../src/state/queue.js";

const file = (name: string) => new File(["12345"], name);
const add = (count: number) => {
  const added = Array.from({ length: count }, (_, index) =>
    newEntry({ file: file(`${index}`), path: `folder/${index}` }, false),
  );
  addEntries(added);
  return added;
};

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  removeEntries(() => true);
  showFinished.value = false;
  vi.useRealTimers();
});

it("shows changes of many rows in one refresh", () => {
  const [first, second] = add(2);
  if (first === undefined || second === undefined) throw new Error("no rows");
  notePhase(first, "uploading");
  notePhase(second, "available");
  expect(first.state.value.progress.phase).toBe("waiting");
  vi.advanceTimersByTime(200);
  expect(first.state.value.progress.phase).toBe("uploading");
  expect(second.state.value.progress.phase).toBe("available");
  expect(totals.value).toMatchObject({ count: 2, active: 1, available: 1, size: 10, sentBytes: 5 });
});

it("has no speed without a network", () => {
  const [entry] = add(1);
  if (entry === undefined) throw new Error("no row");
  const sent = (wireBytes: number, phase: "uploading" | "offline") => {
    note(entry, { progress: { ...stateOf(entry).progress, phase, wireBytes } });
    vi.advanceTimersByTime(1000);
  };
  for (const bytes of [1, 2, 3]) sent(bytes, "uploading");
  expect(speed.value).toBeGreaterThan(0);
  sent(3, "offline");
  expect(speed.value).toBeUndefined();
});

it("says once that the account is full, as long as an upload failed for that", () => {
  const [first, second] = add(2);
  if (first === undefined || second === undefined) throw new Error("no rows");
  notePhase(first, "failed", { error: new SluiceError("unreachable", "no answer") });
  vi.advanceTimersByTime(200);
  expect(isAccountFull.value).toBe(false);
  notePhase(second, "failed", { error: new SluiceError("quota_exceeded", "POST /uploads") });
  vi.advanceTimersByTime(200);
  expect(isAccountFull.value).toBe(true);
  notePhase(second, "waiting", { error: undefined });
  vi.advanceTimersByTime(200);
  expect(isAccountFull.value).toBe(false);
});

it("shows all rows of a few files", () => {
  for (const entry of add(ROWS_MAX)) notePhase(entry, "available");
  vi.advanceTimersByTime(200);
  expect(rows.value).toEqual({ shown: entries.value, waiting: 0, finished: 0 });
});

it("shows the first unfinished files of many, and finished ones on request", () => {
  const all = add(ROWS_MAX + 60);
  for (const entry of all.slice(0, 5)) notePhase(entry, "available");
  const [failed] = all.slice(5);
  if (failed !== undefined) notePhase(failed, "failed");
  vi.advanceTimersByTime(200);
  expect(rows.value.shown).toEqual(all.slice(5, 5 + ROWS_MAX));
  expect(rows.value).toMatchObject({ waiting: 55, finished: 5 });
  showFinished.value = true;
  expect(rows.value.shown.slice(ROWS_MAX)).toEqual(all.slice(0, 5));
});

it("names a row by the last segment of its path", () => {
  expect(newEntry({ file: file("x"), path: "a/b.txt" }, true)).toMatchObject({
    name: "b.txt",
    replaces: true,
  });
});
