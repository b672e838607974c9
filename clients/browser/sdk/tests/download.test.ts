import { createHash } from "node:crypto";
import { blake3 } from "hash-wasm";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { connect, internals } from "../src/connection.js";
import { fetchChecked, type Source } from "../src/download/fetch.js";
import { DownloadMeter } from "../src/download/meter.js";
import { type PlannedRequest, requestsOf } from "../src/download/plan.js";
import { check } from "../src/hash/check.js";
import type { LeasedWorker } from "../src/hash/workers.js";
import { type Answer, json, TestServer } from "./support/server.js";

const CHUNK = 50_000;
const content = createHash("shake256", { outputLength: 4 * CHUNK })
  .update("content")
  .digest();
const damaged = Buffer.from(content);
damaged[3 * CHUNK + 5] = (damaged[3 * CHUNK + 5] as number) ^ 1;
let ids: string[] = [];
let server: TestServer | undefined;

beforeAll(async () => {
  ids = await Promise.all(
    [0, 1, 2, 3].map((index) => blake3(content.subarray(index * CHUNK, (index + 1) * CHUNK))),
  );
});
afterEach(() => server?.stop());

/** Serves the range that was asked for, at most `most` bytes of it. */
function serve(object: Buffer, most = Number.POSITIVE_INFINITY): Answer {
  return ({ headers }, response) => {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "") ?? [];
    const range = object.subarray(Number(first), Number(last) + 1);
    response.writeHead(206, { "content-length": range.length });
    if (range.length <= most) response.end(range);
    else response.write(range.subarray(0, most), () => response.destroy());
  };
}

interface Setting {
  source: Source;
  request: PlannedRequest;
  server: TestServer;
  /** The queries of the plans that were asked for. */
  plans: URLSearchParams[];
}

/** A version whose plan says that its bytes lie in the object `object`; each plan after the first names the next one. */
async function setUp(objects: Answer[], life = 3_600_000): Promise<Setting> {
  const plans: URLSearchParams[] = [];
  const expires_at = new Date(Date.now() + life).toISOString();
  const made = new TestServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, api);
    if (pathname.startsWith("/object/")) return objects[Number(pathname.slice(8))]?.(request, response);
    plans.push(searchParams);
    const from = Number(searchParams.get("from"));
    const to = Number(searchParams.get("to"));
    json(response, 200, planOf(plans.length, from, to));
  });
  server = made;
  const api = await made.start();
  const planOf = (object: number, from: number, to: number) => {
    const chunks = ids.slice(from / CHUNK, to / CHUNK).map((id) => ({ id, length: CHUNK }));
    const range = `bytes=${from}-${to - 1}`;
    const url = `${api}/object/${object}`;
    const run = { offset: from, length: to - from, pack_id: "p", first_chunk: 0, chunk_count: chunks.length };
    const term = { ...run, url, range, encoding: "raw" as const, chunks };
    return { version_id: "v", size: content.length, sha256: "", terms: [term], expires_at };
  };
  const [request] = requestsOf(planOf(0, 0, content.length), 0);
  const inside = internals(connect({ api, token: "t0ken" }));
  const worker = { run: (_: string, input: Parameters<typeof check>[0]) => check(input) };
  const source: Source = {
    inside,
    fileId: "f",
    versionId: "v",
    worker: worker as unknown as LeasedWorker,
    meter: new DownloadMeter(undefined),
    signal: new AbortController().signal,
  };
  return { source, request: request as PlannedRequest, server: made, plans };
}

async function fetched({ source, request }: Setting): Promise<Buffer> {
  return Buffer.concat(await fetchChecked(source, request));
}

describe("fetching", () => {
  it("goes on where an answer broke off", async () => {
    let answers = 0;
    const setting = await setUp([
      (request, response) => serve(content, answers++ === 0 ? 70_000 : undefined)(request, response),
    ]);
    expect((await fetched(setting)).equals(content)).toBe(true);
    const ranges = setting.server.seen.map(({ headers }) => headers.range);
    expect(ranges[0]).toBe(`bytes=0-${content.length - 1}`);
    // Whatever of the first answer came through is not asked for again.
    expect(ranges).toHaveLength(2);
    expect(Number(ranges[1]?.split(/[=-]/)[1])).toBeGreaterThan(0);
    expect(setting.source.meter.progress.wireBytes).toBe(content.length);
  });

  it("never sends the token to a bucket", async () => {
    const setting = await setUp([serve(content)]);
    await fetched(setting);
    expect(setting.server.seen[0]?.headers).not.toHaveProperty("authorization");
  });

  it("reads damaged bytes once more, asks for a fresh plan, and then for the former place", async () => {
    const setting = await setUp([serve(damaged), serve(damaged), serve(content)]);
    expect((await fetched(setting)).equals(content)).toBe(true);
    const objects = setting.server.seen
      .map(({ url }) => url.split("?")[0])
      .filter((url) => url?.startsWith("/object"));
    expect(objects).toEqual(["/object/0", "/object/0", "/object/1", "/object/1", "/object/2"]);
    expect(setting.plans.map((query) => query.get("former"))).toEqual([null, "true"]);
    expect(setting.plans.map((query) => [query.get("from"), query.get("to"), query.get("version")])).toEqual(
      Array(2).fill(["0", String(content.length), "v"]),
    );
  });

  it("gives up on bytes that are nowhere right", async () => {
    const setting = await setUp(Array(4).fill(serve(damaged)));
    await expect(fetched(setting)).rejects.toMatchObject({ code: "damaged" });
  });

  it("asks for fresh URLs when one is refused, or about to expire", async () => {
    const forbidden: Answer = (_, response) =>
      response.writeHead(403).end("<Error><Code>AccessDenied</Code></Error>");
    const refused = await setUp([forbidden, serve(content)]);
    expect((await fetched(refused)).equals(content)).toBe(true);
    await refused.server.stop();

    const expiring = await setUp([forbidden, serve(content)], 10_000);
    expect((await fetched(expiring)).equals(content)).toBe(true);
    expect(expiring.server.seen.some(({ url }) => url === "/object/0")).toBe(false);
  });

  it("fails with what a bucket says that keeps refusing", async () => {
    const forbidden: Answer = (_, response) =>
      response.writeHead(403).end("<Error><Code>AccessDenied</Code></Error>");
    const setting = await setUp(Array(4).fill(forbidden));
    await expect(fetched(setting)).rejects.toMatchObject({ code: "bucket_refused", status: 403 });
  });

  it("takes the wanted bytes from a server that sends everything", async () => {
    const all: Answer = (_, response) =>
      response.end(Buffer.concat([Buffer.alloc(100), content, Buffer.alloc(9)]));
    const setting = await setUp([all]);
    setting.request.start = 100;
    expect((await fetched(setting)).equals(content)).toBe(true);
  });
});
