import { describe, expect, it } from "vitest";
import type { Plan, PlanTerm } from "../src/api/plans.js";
import { requestsOf } from "../src/download/plan.js";

const LENGTH = 60_000;
const ID = "00".repeat(32);

function plan(terms: PlanTerm[]): Plan {
  const expiresAt = "2026-01-31T12:00:00Z";
  const objects = [{ url: "http://b/x?s=1" }, { url: "http://b/y?s=1" }];
  return { versionId: "v", size: 0, sha256: ID, objects, terms, expiresAt };
}

function raw(offset: number, count: number, object: number, at: number): PlanTerm {
  const chunks = Array.from({ length: count }, () => ({ id: ID, length: LENGTH }));
  const length = count * LENGTH;
  const range = `bytes=${at}-${at + length - 1}`;
  return {
    offset,
    length,
    packId: "p",
    firstChunk: 0,
    chunkCount: count,
    object,
    range,
    encoding: "raw",
    chunks,
  };
}

const shape = (terms: PlanTerm[], from = 0) =>
  requestsOf(plan(terms), from).map(({ start, length, from, to, units }) => [
    start,
    length,
    from,
    to,
    units.length,
  ]);

describe("the requests of a plan", () => {
  it("join adjacent ranges of an object, up to a size", () => {
    expect(
      shape([
        raw(0, 2, 0, 100),
        raw(2 * LENGTH, 1, 0, 100 + 2 * LENGTH),
        raw(3 * LENGTH, 1, 1, 100 + 3 * LENGTH),
      ]),
    ).toEqual([
      [100, 3 * LENGTH, 0, 3 * LENGTH, 3],
      [100 + 3 * LENGTH, LENGTH, 3 * LENGTH, 4 * LENGTH, 1],
    ]);
    expect(shape([raw(0, 100, 0, 0)]).map(([, , , , units]) => units)).toEqual([69, 31]);
  });

  it("find chunks in frames, after the bytes to skip", () => {
    const lengths = [100, 200, 300];
    const term: PlanTerm = {
      ...raw(0, 0, 0, 10),
      chunkCount: 3,
      length: 600,
      encoding: "zstd",
      range: "bytes=10-49",
      skip: 50,
      frames: [
        { storedLength: 15, length: 350 },
        { storedLength: 25, length: 1000 },
      ],
      chunks: lengths.map((length) => ({ id: ID, length })),
    };
    const [request] = requestsOf(plan([term]), 0);
    expect(request).toMatchObject({ start: 10, length: 40, from: 0, to: 600 });
    expect(request?.units.map((unit) => unit.chunks.map((chunk) => chunk.offset))).toEqual([[50, 150], [0]]);
    // A chunk must not cross the end of its frame.
    const torn = { ...term, skip: 60 };
    expect(() => requestsOf(plan([torn]), 0)).toThrow("lie in no frame");
    const left = {
      ...term,
      range: "bytes=10-54",
      frames: [...(term.frames ?? []), { storedLength: 5, length: 9 }],
    };
    expect(() => requestsOf(plan([left]), 0)).toThrow("frames without chunks");
    const huge = { ...term, frames: [{ storedLength: 40, length: 262_145 }] };
    expect(() => requestsOf(plan([huge]), 0)).toThrow("impossible frames");
  });

  it("are limited by their decoded size", () => {
    const count = 400;
    const term: PlanTerm = {
      ...raw(0, 4 * count, 0, 0),
      encoding: "zstd",
      range: `bytes=0-${count * 20 - 1}`,
      frames: Array.from({ length: count }, () => ({ storedLength: 20, length: 4 * LENGTH })),
    };
    const requests = requestsOf(plan([term]), 0);
    expect(requests.every(({ from, to }) => to - from <= 4 << 20)).toBe(true);
    expect(requests.at(-1)?.to).toBe(4 * count * LENGTH);
  });

  it("are refused if the plan is inconsistent", () => {
    const good = raw(0, 2, 0, 7);
    expect(shape([good])).toHaveLength(1);
    expect(shape([], 0)).toEqual([]);
    for (const bad of [
      { offset: 1 },
      { length: LENGTH },
      { range: "bytes=0-1" },
      { range: null },
      { object: null },
      { object: 2 },
      { chunks: [] },
      { chunks: [{ id: ID, length: 65_537 }] },
      { encoding: "rs" as PlanTerm["encoding"] },
    ]) {
      expect(() => requestsOf(plan([{ ...good, ...bad }]), 0), JSON.stringify(bad)).toThrow("a plan that");
    }
  });
});
