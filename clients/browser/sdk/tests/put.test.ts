import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { put } from "../src/bucket/put.js";
import { TestRequest } from "./support/requests.js";

const BODY = new Blob([new Uint8Array(1000)]);
const PART = { number: 1, size: BODY.size, url: "http://b/1", headers: {}, expiresAt: "" };

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("XMLHttpRequest", TestRequest);
  TestRequest.sent.length = 0;
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function begin() {
  const { signal } = new AbortController();
  const outcome = put({
    part: PART,
    body: BODY,
    onSent: () => {},
    patience: (bytes) => 30_000 + bytes,
    signal,
  });
  const [request] = TestRequest.sent;
  if (!request) throw new Error("nothing was sent");
  return { outcome, request };
}

it("waits by size for the answer once the body is out", async () => {
  const { outcome, request } = begin();
  vi.advanceTimersByTime(20_000);
  request.takeAll();
  vi.advanceTimersByTime(30_999);
  expect(request.isAborted).toBe(false);
  request.answer(200);
  expect(await outcome).toEqual({ etag: "etag" });
});

it("tells a missing answer from a body that broke off", async () => {
  const unanswered = begin();
  unanswered.request.takeAll();
  vi.advanceTimersByTime(31_000);
  expect(await unanswered.outcome).toMatchObject({ kind: "unanswered", error: { code: "unreachable" } });
  TestRequest.sent.length = 0;
  const stalled = begin();
  stalled.request.take(500);
  vi.advanceTimersByTime(30_499);
  expect(stalled.request.isAborted).toBe(false);
  vi.advanceTimersByTime(1);
  expect(await stalled.outcome).toMatchObject({ kind: "transient", error: { code: "unreachable" } });
});
