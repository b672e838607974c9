import { expect, it, vi } from "vitest";
import { inSlices } from "../src/state/slices.js";

it("long work is done in slices, in order", async () => {
  vi.useFakeTimers();
  const work = (item: number) => {
    vi.advanceTimersByTime(20);
    return item * 10;
  };
  const slices: number[][] = [];
  const done = (async () => {
    for await (const slice of inSlices([1, 2, 3, 4, 5], work)) slices.push(slice);
  })();
  await vi.runAllTimersAsync();
  await done;
  vi.useRealTimers();
  expect(slices).toEqual([[10, 20], [30, 40], [50]]);
});
