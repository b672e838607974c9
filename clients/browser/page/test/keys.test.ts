import { SluiceError } from "@sluice/browser";
import { expect, it } from "vitest";
import { withKey } from "../src/state/keys.js";

/** Makes a write that fails with the error, if there is one. Returns its key. */
async function keyOf(what: unknown[], error?: SluiceError): Promise<string> {
  let used = "";
  const written = withKey(what, async (key) => {
    used = key;
    if (error !== undefined) throw error;
  });
  await (error === undefined ? written : expect(written).rejects.toBe(error));
  return used;
}

it("a write has the key of the same write that got no answer", async () => {
  const first = await keyOf(["delete", "f"], new SluiceError("unreachable", "no answer"));
  expect(await keyOf(["delete", "g"])).not.toBe(first);
  expect(await keyOf(["delete", "f"], new SluiceError("unavailable", "busy", { status: 503 }))).toBe(first);
  expect(await keyOf(["delete", "f"])).toBe(first);
  expect(await keyOf(["delete", "f"])).not.toBe(first);
});

it("a write after a refusal has another key", async () => {
  const refusal = new SluiceError("precondition_failed", "changed", { status: 412 });
  const first = await keyOf(["delete", "h"], refusal);
  expect(await keyOf(["delete", "h"])).not.toBe(first);
});
