import { afterEach, expect, it } from "vitest";
import { connect, internalsOf } from "../src/connection.js";
import { type Answer, json, TestServer } from "./support/server.js";

let server: TestServer | undefined;
afterEach(() => server?.stop());

/** Serves the states of uploads. All are `pending` until `after` calls. */
async function setUp(states: Record<string, string>, after = 2) {
  let calls = 0;
  const view = (upload_id: string) => {
    const state = calls > after ? states[upload_id] : "pending";
    return { upload_id, state, ...(state === "rejected" && { reason: "sha256_mismatch" }) };
  };
  const answer: Answer = ({ url }, response) => {
    const { pathname, searchParams } = new URL(url, "http://a");
    calls += 1;
    const ids = searchParams.get("ids")?.split(",");
    if (ids) return json(response, 200, { uploads: ids.filter((id) => states[id]).map(view) });
    const upload_id = pathname.slice("/uploads/".length);
    json(response, 200, { ...view(upload_id), version: { version_id: `v-${upload_id}` } });
  };
  server = new TestServer(answer);
  const { verification } = internalsOf(connect({ api: await server.start(), token: "t" }));
  return { verification, seen: server.seen };
}

it("one call asks about all waiting uploads, and one more about each that is available", async () => {
  const ids = Array.from({ length: 120 }, (_, index) => `u${index}`);
  const { verification, seen } = await setUp(Object.fromEntries(ids.map((id) => [id, "available"])));
  const versions = await Promise.all(ids.map((id) => verification.wait(id, new AbortController().signal)));
  expect(versions.map((version) => version.versionId)).toEqual(ids.map((id) => `v-${id}`));
  const batches = seen.filter(({ url }) => url.includes("?ids="));
  expect(batches.length).toBeLessThan(12);
  expect(Math.max(...batches.map(({ url }) => decodeURIComponent(url).split(",").length))).toBe(100);
});

it("each upload gets its own result", async () => {
  const { verification } = await setUp({ good: "available", bad: "rejected", old: "expired" });
  const signal = new AbortController().signal;
  const ends = ["good", "bad", "old", "unknown"].map((id) => verification.wait(id, signal));
  const [good, ...others] = await Promise.allSettled(ends);
  expect(good).toMatchObject({ status: "fulfilled", value: { versionId: "v-good" } });
  expect(others.map((end) => end.status === "rejected" && [end.reason.code, end.reason.reason])).toEqual([
    ["rejected", "sha256_mismatch"],
    ["upload_ended", undefined],
    ["upload_ended", undefined],
  ]);
});

it("completes an upload if the bucket sends no event", async () => {
  let isComplete = false;
  const made = new TestServer(({ method, url }, response) => {
    if (method === "POST" && url === "/uploads/quiet/complete") {
      isComplete = true;
      return json(response, 202, { version: {} });
    }
    const state = isComplete ? "available" : "open";
    json(response, 200, { upload_id: "quiet", state, version: { version_id: "v" } });
  });
  server = made;
  const { verification } = internalsOf(connect({ api: await made.start(), token: "t" }));
  expect(await verification.wait("quiet", new AbortController().signal)).toEqual({ versionId: "v" });
  expect(made.seen.filter(({ method }) => method === "POST").map(({ body }) => JSON.parse(body))).toEqual([
    { parts: [] },
  ]);
});

it("does not ask about aborted uploads", async () => {
  const { verification, seen } = await setUp({ gone: "available", kept: "available" });
  const controller = new AbortController();
  const gone = verification.wait("gone", controller.signal);
  const kept = verification.wait("kept", new AbortController().signal);
  controller.abort();
  await expect(gone).rejects.toMatchObject({ code: "aborted" });
  await kept;
  expect(seen.some(({ url }) => url.includes("gone"))).toBe(false);
});
