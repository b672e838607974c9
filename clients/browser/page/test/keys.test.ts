import { SluiceError } from "@sluice/browser";
import { afterEach, expect, it, vi } from "vitest";
import { forgetKeys, withKey } from "../src/state/keys.js";

const noAnswer = new SluiceError("unreachable", "no answer");

/** Makes a write that fails with the error, if there is one. Returns its key. */
async function keyOf(fileId: string, change: string[], error?: SluiceError): Promise<string> {
  let used = "";
  const written = withKey(fileId, change, async (key) => {
    used = key;
    if (error !== undefined) throw error;
  });
  await (error === undefined ? written : expect(written).rejects.toBe(error));
  return used;
}

afterEach(() => {
  forgetKeys();
  vi.useRealTimers();
});

it("a write has the key of the same write that got no answer", async () => {
  const first = await keyOf("f", ["delete"], noAnswer);
  expect(await keyOf("g", ["delete"])).not.toBe(first);
  expect(await keyOf("f", ["delete"], new SluiceError("unavailable", "busy", { status: 503 }))).toBe(first);
  expect(await keyOf("f", ["delete"])).toBe(first);
  expect(await keyOf("f", ["delete"])).not.toBe(first);
});

it("a write after a refusal has another key", async () => {
  const refusal = new SluiceError("precondition_failed", "changed", { status: 412 });
  const first = await keyOf("h", ["delete"], refusal);
  expect(await keyOf("h", ["delete"])).not.toBe(first);
});

it("a write after another one to the file has another key", async () => {
  const first = await keyOf("f", ["rename", "b"], noAnswer);
  await keyOf("f", ["rename", "a"]);
  expect(await keyOf("f", ["rename", "b"])).not.toBe(first);
});

it("a write after the list was loaded anew has another key", async () => {
  const first = await keyOf("f", ["rename", "b"], noAnswer);
  forgetKeys();
  expect(await keyOf("f", ["rename", "b"])).not.toBe(first);
  let second = "";
  const failed = withKey("f", ["rename", "c"], async (key) => {
    second = key;
    forgetKeys();
    throw noAnswer;
  });
  await expect(failed).rejects.toBe(noAnswer);
  expect(await keyOf("f", ["rename", "c"])).not.toBe(second);
});

it("a write some minutes later has another key", async () => {
  vi.useFakeTimers();
  const first = await keyOf("f", ["rename", "b"], noAnswer);
  vi.advanceTimersByTime(100_000);
  expect(await keyOf("f", ["rename", "b"], noAnswer)).toBe(first);
  vi.advanceTimersByTime(120_000);
  expect(await keyOf("f", ["rename", "b"])).not.toBe(first);
});
