import { describe, expect, it } from "vitest";
import { Pace } from "../src/pace.js";
import { Slots } from "../src/slots.js";

const MIB = 2 ** 20;
const pace = () => new Pace(new Slots(6), 6);

describe("the pace", () => {
  it("sends more at once while requests are quick, up to the limit of the connection", () => {
    const line = pace();
    expect(line.limit).toBe(2);
    for (let request = 0; request < 9; request++) line.finished(16 * MIB, 1000);
    expect(line.limit).toBe(6);
  });

  it("sends fewer at once where requests take long, and one after a stall", () => {
    const line = pace();
    for (let request = 0; request < 9; request++) line.finished(16 * MIB, 1000);
    line.finished(16 * MIB, 30_000);
    expect(line.limit).toBe(5);
    line.finished(16 * MIB, 12_000);
    expect(line.limit).toBe(5);
    line.stalled();
    expect(line.limit).toBe(1);
  });

  it("makes parts of about five seconds on a slow line, within S3's limits", () => {
    const line = pace();
    expect(line.partSize(200 * MIB)).toBeUndefined();
    line.finished(16 * MIB, 16_000);
    expect(line.partSize(200 * MIB)).toBe(5 * MIB);
    expect(line.partSize(60_000 * MIB)).toBe(6 * MIB);
    const faster = pace();
    faster.finished(16 * MIB, 8000);
    expect(faster.partSize(200 * MIB)).toBe(10 * MIB);
    const fast = pace();
    fast.finished(16 * MIB, 1000);
    expect(fast.partSize(200 * MIB)).toBeUndefined();
  });

  it("is patient by size and by the rate of whole requests, answers included", () => {
    const line = pace();
    expect(line.patience(0)).toBe(30_000);
    // Unknown: 10 MiB may take over five minutes.
    expect(line.patience(10 * MIB)).toBe(350_000);
    line.finished(10 * MIB, 40_000);
    expect(line.patience(10 * MIB)).toBe(110_000);
    expect(line.patience(5000 * MIB)).toBe(900_000);
    line.stalled();
    expect(line.patience(10 * MIB)).toBe(350_000);
    expect(line.partSize(100 * MIB)).toBe(5 * MIB);
  });

  it("does not measure the line by small requests", () => {
    const line = pace();
    line.finished(1000, 500);
    expect(line.patience(MIB)).toBe(62_000);
  });
});
