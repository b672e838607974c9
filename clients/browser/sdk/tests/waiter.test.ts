import { afterEach, expect, it } from "vitest";
import { connect, internals } from "../src/connection.js";
import { type Answer, json, TestServer } from "./support/server.js";

let server: TestServer | undefined;
afterEach(() => server?.stop());

/** A connection whose server knows the state of each upload, which `after` so many questions is no longer `pending`. */
async function setUp(states: Record<string, string>, after = 2) {
  let questions = 0;
  const view = (upload_id: string) => {
    const state = questions > after ? states[upload_id] : "pending";
    return { upload_id, state, ...(state === "rejected" && { reason: "sha256_mismatch" }) };
  };
  const answer: Answer = ({ url }, response) => {
    const { pathname, searchParams } = new URL(url, "http://a");
    questions += 1;
    const ids = searchParams.get("ids")?.split(",");
    if (ids) return json(response, 200, { uploads: ids.filter((id) => states[id]).map(view) });
    const upload_id = pathname.slice("/uploads/".length);
    json(response, 200, { ...view(upload_id), version: { version_id: `v-${upload_id}` } });
  };
  server = new TestServer(answer);
  const { waiter } = internals(connect({ api: await server.start(), token: "t" }));
  return { waiter, seen: server.seen };
}

it("asks one question about all uploads that wait, and one about each that has become available", async () => {
  const ids = Array.from({ length: 120 }, (_, index) => `u${index}`);
  const { waiter, seen } = await setUp(Object.fromEntries(ids.map((id) => [id, "available"])));
  const versions = await Promise.all(ids.map((id) => waiter.wait(id, new AbortController().signal)));
  expect(versions.map((version) => version.version_id)).toEqual(ids.map((id) => `v-${id}`));
  const batches = seen.filter(({ url }) => url.includes("?ids="));
  expect(batches.length).toBeLessThan(12);
  expect(Math.max(...batches.map(({ url }) => decodeURIComponent(url).split(",").length))).toBe(100);
});

it("tells each upload its own end", async () => {
  const { waiter } = await setUp({ good: "available", bad: "rejected", old: "expired" });
  const signal = new AbortController().signal;
  const ends = ["good", "bad", "old", "unknown"].map((id) => waiter.wait(id, signal));
  const [good, ...others] = await Promise.allSettled(ends);
  expect(good).toMatchObject({ status: "fulfilled", value: { version_id: "v-good" } });
  expect(others.map((end) => end.status === "rejected" && [end.reason.code, end.reason.reason])).toEqual([
    ["rejected", "sha256_mismatch"],
    ["upload_ended", undefined],
    ["upload_ended", undefined],
  ]);
});

it("completes for a bucket that tells nobody", async () => {
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
  const { waiter } = internals(connect({ api: await made.start(), token: "t" }));
  expect(await waiter.wait("quiet", new AbortController().signal)).toEqual({ version_id: "v" });
  expect(made.seen.filter(({ method }) => method === "POST").map(({ body }) => JSON.parse(body))).toEqual([
    { parts: [] },
  ]);
});

it("forgets who no longer waits", async () => {
  const { waiter, seen } = await setUp({ gone: "available", kept: "available" });
  const controller = new AbortController();
  const gone = waiter.wait("gone", controller.signal);
  const kept = waiter.wait("kept", new AbortController().signal);
  controller.abort();
  await expect(gone).rejects.toMatchObject({ code: "aborted" });
  await kept;
  expect(seen.some(({ url }) => url.includes("gone"))).toBe(false);
});
