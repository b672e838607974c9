import { describe, expect, it } from "vitest";
import { type Counted, fractionOf, SpeedMeter, stagesOf, totalsOf } from "../src/state/totals.js";

const upload = (phase: Counted["phase"], size: number, sentBytes = 0, wireBytes = sentBytes): Counted => ({
  phase,
  size,
  hashedBytes: sentBytes,
  sentBytes,
  wireBytes,
});

describe("stagesOf", () => {
  it("never falls from hashing to sending to verifying", () => {
    const stages: [Counted["phase"], number, number][] = [
      ["waiting", 0, 0],
      ["hashing", 50, 0],
      ["hashing", 100, 0],
      ["uploading", 100, 0],
      ["uploading", 100, 70],
      ["verifying", 100, 100],
      ["available", 100, 100],
    ];
    const done = stages.map(([phase, hashedBytes, sentBytes]) =>
      stagesOf({ phase, size: 100, hashedBytes, sentBytes, wireBytes: 0 }),
    );
    expect(done).toEqual(done.toSorted((one, other) => one - other));
    expect(done[0]).toBe(0);
    expect(done[5]).toBeLessThan(1);
    expect(done[6]).toBe(1);
  });
});

describe("totalsOf", () => {
  it("counts each upload once, without the bytes of failed ones", () => {
    const totals = totalsOf([
      upload("available", 100, 0, 0),
      upload("uploading", 200, 50, 60),
      upload("hashing", 10),
      upload("paused", 40, 20),
      upload("failed", 1000, 500),
      upload("aborted", 1000, 500),
    ]);
    expect(totals).toEqual({
      count: 6,
      available: 1,
      failed: 1,
      aborted: 1,
      paused: 1,
      active: 2,
      offline: 0,
      size: 350,
      sentBytes: 170,
      doneBytes: 100 + 50 * 0.9 + 20 * 0.9,
      wireBytes: 1080,
    });
    expect(fractionOf(totals)).toBeCloseTo(163 / 350);
  });

  it("never counts more bytes than a file has", () => {
    expect(totalsOf([upload("uploading", 10, 15)]).sentBytes).toBe(10);
  });

  it("counts files if all are empty", () => {
    expect(fractionOf(totalsOf([upload("available", 0), upload("waiting", 0)]))).toBe(0.5);
    expect(fractionOf(totalsOf([]))).toBe(0);
  });
});

describe("SpeedMeter", () => {
  it("measures the last five seconds", () => {
    const meter = new SpeedMeter();
    expect(meter.sample(0, 0)).toBeUndefined();
    expect(meter.sample(500, 500)).toBeUndefined();
    expect(meter.sample(2000, 2000)).toBe(1000);
    for (let at = 3000; at <= 12_000; at += 1000) meter.sample(at, 2000 + (at - 2000) * 3);
    expect(meter.sample(13_000, 35_000)).toBe(3000);
  });

  it("has no speed while nothing moves", () => {
    const meter = new SpeedMeter();
    meter.sample(0, 100);
    expect(meter.sample(4000, 100)).toBeUndefined();
  });
});
