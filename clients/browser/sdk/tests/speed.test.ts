import { describe, expect, it } from "vitest";
import { Speed } from "../src/speed.js";
import { UploadMeter } from "../src/upload/meter.js";

describe("speed", () => {
  it("is unknown at first, and right when it is steady", () => {
    const speed = new Speed();
    speed.add(0, 0);
    speed.add(50_000, 500);
    expect(speed.at(500)).toBeUndefined();
    for (let now = 600; now <= 5000; now += 100) speed.add(10_000, now);
    expect(speed.at(5000)).toBeCloseTo(100_000, -2);
  });

  it("follows changes gradually, falls when nothing moves, and then is unknown", () => {
    const speed = new Speed();
    for (let now = 0; now <= 10_000; now += 200) speed.add(20_000, now);
    for (let now = 10_200; now <= 11_000; now += 200) speed.add(200_000, now);
    const rising = speed.at(11_000) ?? 0;
    expect(rising).toBeGreaterThan(150_000);
    expect(rising).toBeLessThan(900_000);
    expect(speed.at(15_000)).toBeLessThan(rising / 2);
    expect(speed.at(30_000)).toBeUndefined();
  });

  it("forgets what was before a pause", () => {
    const speed = new Speed();
    for (let now = 0; now <= 5000; now += 200) speed.add(20_000, now);
    speed.reset();
    expect(speed.at(60_000)).toBeUndefined();
  });
});

describe("the progress of an upload", () => {
  it("counts bytes in flight, takes back failed attempts, and counts repeats as sent", () => {
    const meter = new UploadMeter(100, undefined);
    meter.begin(2, 0, 0);
    const first = meter.attempt(60);
    first.sent(40);
    expect(meter.progress).toMatchObject({ phase: "uploading", sentBytes: 40, wireBytes: 40 });
    first.fail();
    expect(meter.progress).toMatchObject({ sentBytes: 0, wireBytes: 40 });
    const again = meter.attempt(60);
    again.sent(60);
    again.succeed();
    expect(meter.progress).toMatchObject({ sentBytes: 60, wireBytes: 100, parts: { done: 1, total: 2 } });
    meter.begin(2, 1, 60, 60);
    expect(meter.progress).toMatchObject({ sentBytes: 60, resumedBytes: 60 });
    meter.retract(60);
    expect(meter.progress).toMatchObject({ sentBytes: 0, resumedBytes: 0, parts: { done: 0, total: 2 } });
  });

  it("goes on counting an attempt that a pause has left in flight", () => {
    const meter = new UploadMeter(100, undefined);
    meter.begin(1);
    const kept = meter.attempt(100);
    meter.phase = "paused";
    kept.sent(70);
    meter.begin(1);
    expect(meter.progress).toMatchObject({ sentBytes: 70, parts: { done: 0, total: 1, sending: 1 } });
    kept.succeed();
    expect(meter.progress).toMatchObject({ sentBytes: 100, parts: { done: 1, sending: 0 }, wireBytes: 100 });
  });

  it("is reported at every phase change", () => {
    const phases: string[] = [];
    const meter = new UploadMeter(1, ({ phase }) => phases.push(phase));
    meter.phase = "hashing";
    meter.phase = "hashing";
    meter.phase = "uploading";
    meter.phase = "available";
    expect(phases).toEqual(["hashing", "uploading", "available"]);
  });
});
