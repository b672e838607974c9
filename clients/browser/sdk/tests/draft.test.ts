import { describe, expect, it } from "vitest";
import { makeDraft } from "../src/delta/draft.js";
import { fromHex } from "../src/delta/earlier.js";
import type { PackRun } from "../src/delta/types.js";

const LENGTH = 20_000;

/** Makes chunks with these numbers as ids. */
function chunks(seeds: number[]) {
  const ids = new Uint8Array(seeds.length * 32);
  const view = new DataView(ids.buffer);
  seeds.forEach((seed, index) => {
    view.setUint32(index * 32, seed);
  });
  return { ids, lengths: new Uint32Array(seeds.length).fill(LENGTH) };
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);
const run = (packId: string, firstChunk: number, seeds: number[]): PackRun => {
  return { packId, firstChunk, ...chunks(seeds) };
};
const term = (pack: string | number, firstChunk: number, chunkCount: number) => {
  return { pack, firstChunk, chunkCount, length: chunkCount * LENGTH };
};

describe("a delta", () => {
  it("sends each new chunk once, and refers to the longest runs", () => {
    const runs = [run("p1", 100, [1, 2, 3, 4]), run("p2", 0, [9, 3, 9, 5, 6])];
    const draft = makeDraft(chunks([1, 2, 77, 78, 3, 9, 5, 77, 78, 6, 4]), runs);
    expect(draft?.manifest.terms).toEqual([
      term("p1", 100, 2),
      term(1, 0, 2),
      term("p1", 102, 1),
      term("p2", 0, 1),
      term("p2", 3, 1),
      term(1, 0, 2),
      term("p2", 4, 1),
      term("p1", 103, 1),
    ]);
    expect(draft?.manifest.packs).toEqual([[LENGTH, LENGTH]]);
    expect(draft?.packs).toEqual([[[2 * LENGTH, 4 * LENGTH]]]);
    expect(draft?.newBytes).toBe(2 * LENGTH);
  });

  it("must save at least a quarter", () => {
    expect(makeDraft(chunks(range(0, 100)), [run("p", 0, range(0, 25))])).toBeUndefined();
    expect(makeDraft(chunks(range(0, 100)), [run("p", 0, range(0, 26))])).toBeDefined();
    expect(makeDraft(chunks([]), [])).toBeUndefined();
  });

  it("refers to at most 90 packs", () => {
    const packs = (count: number) => range(0, count).map((number) => run(`p${number}`, 0, [number]));
    expect(makeDraft(chunks(range(0, 90)), packs(91))).toBeDefined();
    expect(makeDraft(chunks(range(0, 91)), packs(91))).toBeUndefined();
  });

  it("limits the size of its packs", () => {
    const draft = makeDraft(chunks(range(0, 10_000)), [run("p", 0, range(0, 5000))]);
    expect(draft?.manifest.packs.map((pack) => pack.length)).toEqual([3355, 1645]);
    expect(draft?.packs).toEqual([[[5000 * LENGTH, 8355 * LENGTH]], [[8355 * LENGTH, 10_000 * LENGTH]]]);
  });

  it("does not confuse chunks of different lengths", () => {
    const earlier = run("p", 0, range(0, 100));
    earlier.lengths[99] = LENGTH - 1;
    const draft = makeDraft(chunks(range(0, 100)), [earlier]);
    expect(draft?.manifest.terms).toEqual([term("p", 0, 99), term(1, 0, 1)]);
  });
});

it("hex is decoded to bytes", () => {
  expect([...fromHex("00ff1a9b")]).toEqual([0, 255, 26, 155]);
});
