import { createHash } from "node:crypto";
import { blake3 } from "hash-wasm";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { toWire } from "../src/api/wire.js";
import { connect, internalsOf } from "../src/connection.js";
import { fetchVerified, type Source } from "../src/download/fetch.js";
import { DownloadMeter } from "../src/download/meter.js";
import { type PlannedRequest, requestsOf } from "../src/download/plan.js";
import { verifyUnits } from "../src/hash/verify.js";
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

/** Serves the requested range, at most `most` bytes of it. */
function serve(object: Buffer, most = Number.POSITIVE_INFINITY): Answer {
  return ({ headers }, response) => {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "") ?? [];
    const range = object.subarray(Number(first), Number(last) + 1);
    response.writeHead(206, { "content-length": range.length });
    if (range.length <= most) response.end(range);
    else response.write(range.subarray(0, most), () => response.destroy());
  };
}

interface Fixture {
  source: Source;
  request: PlannedRequest;
  server: TestServer;
  /** The queries of the plan requests. */
  plans: URLSearchParams[];
}

/** Serves a version. Its first plan names the first object, each further plan the next one. */
async function setUp(objects: Answer[], life = 3_600_000): Promise<Fixture> {
  const plans: URLSearchParams[] = [];
  const expiresAt = new Date(Date.now() + life).toISOString();
  const made = new TestServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, api);
    if (pathname.startsWith("/object/")) return objects[Number(pathname.slice(8))]?.(request, response);
    plans.push(searchParams);
    const from = Number(searchParams.get("from"));
    const to = Number(searchParams.get("to"));
    json(response, 200, toWire(planOf(plans.length, from, to)));
  });
  server = made;
  const api = await made.start();
  const planOf = (object: number, from: number, to: number) => {
    const chunks = ids.slice(from / CHUNK, to / CHUNK).map((id) => ({ id, length: CHUNK }));
    const range = `bytes=${from}-${to - 1}`;
    const objects = [{ url: `${api}/object/${object}` }];
    const run = { offset: from, length: to - from, packId: "p", firstChunk: 0, chunkCount: chunks.length };
    const term = { ...run, object: 0, range, encoding: "raw" as const, chunks };
    return { versionId: "v", size: content.length, sha256: "", objects, terms: [term], expiresAt };
  };
  const [request] = requestsOf(planOf(0, 0, content.length), 0);
  const internals = internalsOf(connect({ api, token: "t0ken" }));
  const worker = { run: (_: string, input: Parameters<typeof verifyUnits>[0]) => verifyUnits(input) };
  const source: Source = {
    internals,
    fileId: "f",
    versionId: "v",
    worker: worker as unknown as LeasedWorker,
    meter: new DownloadMeter(undefined),
    signal: new AbortController().signal,
  };
  return { source, request: request as PlannedRequest, server: made, plans };
}

async function fetched({ source, request }: Fixture): Promise<Buffer> {
  return Buffer.concat(await fetchVerified(source, request));
}

describe("fetching", () => {
  it("resumes where an answer broke off", async () => {
    let answers = 0;
    const fixture = await setUp([
      (request, response) => serve(content, answers++ === 0 ? 70_000 : undefined)(request, response),
    ]);
    expect((await fetched(fixture)).equals(content)).toBe(true);
    const ranges = fixture.server.seen.map(({ headers }) => headers.range);
    expect(ranges[0]).toBe(`bytes=0-${content.length - 1}`);
    // The bytes that arrived with the first answer are not requested again.
    expect(ranges).toHaveLength(2);
    expect(Number(ranges[1]?.split(/[=-]/)[1])).toBeGreaterThan(0);
    expect(fixture.source.meter.progress.wireBytes).toBe(content.length);
  });

  it("never sends the token to a bucket", async () => {
    const fixture = await setUp([serve(content)]);
    await fetched(fixture);
    expect(fixture.server.seen[0]?.headers).not.toHaveProperty("authorization");
  });

  it("reads damaged bytes once more, then asks for a new plan, then for the previous location", async () => {
    const fixture = await setUp([serve(damaged), serve(damaged), serve(content)]);
    expect((await fetched(fixture)).equals(content)).toBe(true);
    const objects = fixture.server.seen
      .map(({ url }) => url.split("?")[0])
      .filter((url) => url?.startsWith("/object"));
    expect(objects).toEqual(["/object/0", "/object/0", "/object/1", "/object/1", "/object/2"]);
    expect(fixture.plans.map((query) => query.get("former"))).toEqual([null, "true"]);
    expect(fixture.plans.map((query) => [query.get("from"), query.get("to"), query.get("version")])).toEqual(
      Array(2).fill(["0", String(content.length), "v"]),
    );
  });

  it("fails if the bytes are damaged everywhere", async () => {
    const fixture = await setUp(Array(4).fill(serve(damaged)));
    await expect(fetched(fixture)).rejects.toMatchObject({ code: "damaged" });
  });

  it("asks for new URLs when one is refused or about to expire", async () => {
    const forbidden: Answer = (_, response) =>
      response.writeHead(403).end("<Error><Code>AccessDenied</Code></Error>");
    const refused = await setUp([forbidden, serve(content)]);
    expect((await fetched(refused)).equals(content)).toBe(true);
    await refused.server.stop();

    const expiring = await setUp([forbidden, serve(content)], 10_000);
    expect((await fetched(expiring)).equals(content)).toBe(true);
    expect(expiring.server.seen.some(({ url }) => url === "/object/0")).toBe(false);
  });

  it("fails with the error of a bucket that keeps refusing", async () => {
    const forbidden: Answer = (_, response) =>
      response.writeHead(403).end("<Error><Code>AccessDenied</Code></Error>");
    const fixture = await setUp(Array(4).fill(forbidden));
    await expect(fetched(fixture)).rejects.toMatchObject({ code: "bucket_refused", status: 403 });
  });

  it("takes the requested bytes from a server that ignores the range", async () => {
    const all: Answer = (_, response) =>
      response.end(Buffer.concat([Buffer.alloc(100), content, Buffer.alloc(9)]));
    const fixture = await setUp([all]);
    fixture.request.start = 100;
    expect((await fetched(fixture)).equals(content)).toBe(true);
  });
});
