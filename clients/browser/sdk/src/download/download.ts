import { getPlan, type Plan } from "../api/plans.js";
import { type Connection, internalsOf } from "../connection.js";
import { aborted, SluiceError } from "../errors.js";
import { linked } from "../signals.js";
import type { DownloadOptions } from "../types.js";
import { fetchVerified, type Source } from "./fetch.js";
import { DownloadMeter } from "./meter.js";
import { requestsOf } from "./plan.js";
import { Sink } from "./sink.js";

/** How many requests may be fetched ahead of writing, for each concurrent request. */
const AHEAD = 2;

let lastStream = 0;

/**
 * Downloads a version and verifies it: each chunk by its BLAKE3 before it is written, the whole by its
 * SHA-256 before the promise resolves. With `to`, bytes are written there in order; it is closed at the end,
 * or aborted on failure. Without `to`, returns a Blob.
 */
export async function download(
  connection: Connection,
  fileId: string,
  options: DownloadOptions = {},
): Promise<Blob | undefined> {
  const internals = internalsOf(connection);
  const meter = new DownloadMeter(options.onProgress);
  const worker = internals.workers.lease();
  const sink = new Sink(options.to);
  const { controller, signal, unlink } = linked(options.signal ?? new AbortController().signal);
  let isDone = false;
  try {
    const blob = await internals.downloading.run(meter, signal, async () => {
      const first = await getPlan(internals, fileId, { version: options.version }, signal);
      meter.size = first.size;
      // Naming the version keeps later pages consistent if the file changes meanwhile.
      const source = { internals, fileId, versionId: first.versionId, worker, meter, signal };
      const sha256 = await transfer(source, first, sink);
      if (sha256 !== first.sha256) throw new SluiceError("damaged", "the bytes fail verification");
      return sink.close();
    });
    isDone = true;
    return blob;
  } catch (error) {
    await sink.abort(error);
    throw options.signal?.aborted ? aborted() : error;
  } finally {
    controller.abort();
    unlink();
    worker.release();
    meter.end(isDone);
  }
}

/** Writes all bytes to the sink in order, and returns their SHA-256. */
async function transfer(source: Source, first: Plan, sink: Sink): Promise<string> {
  const { internals, worker, meter, signal } = source;
  const stream = lastStream++;
  const ahead: Promise<Uint8Array<ArrayBuffer>[]>[] = [];
  const writeNext = async () => {
    for (const verified of (await ahead.shift()) ?? []) {
      const input = { stream, bytes: verified };
      const { bytes } = await worker.run("updateStream", input, { signal, transfer: [verified.buffer] });
      const { length } = bytes;
      await sink.write(bytes);
      meter.verified(length);
    }
  };
  try {
    for await (const request of requests(source, first)) {
      const fetched = fetchVerified(source, request);
      // Handled by `writeNext`.
      fetched.catch(() => {});
      ahead.push(fetched);
      if (ahead.length > internals.parallel * AHEAD) await writeNext();
    }
    while (ahead.length > 0) await writeNext();
    return await worker.run("finishStream", { stream });
  } catch (error) {
    // Frees the stream's state in the worker. If the worker has failed, there is none.
    worker.run("finishStream", { stream }).catch(() => {});
    throw error;
  }
}

/** Yields the requests of all pages of the plan. */
async function* requests({ internals, fileId, versionId, signal }: Source, first: Plan) {
  let offset = 0;
  for (let plan = first; ;) {
    const page = requestsOf(plan, offset);
    yield* page;
    offset = page.at(-1)?.to ?? offset;
    if (!plan.nextCursor) break;
    plan = await getPlan(internals, fileId, { version: versionId, cursor: plan.nextCursor }, signal);
  }
  if (offset !== first.size) throw new SluiceError("unexpected_answer", "a plan that does not add up");
}

/**
 * Returns the URL of a file's bytes for a link or an `<img>`. Only cookie sessions of the page's own origin
 * work.
 */
export function contentUrl(
  connection: Connection,
  fileId: string,
  options: { version?: string | undefined; inline?: boolean | undefined } = {},
): string {
  const { api, usesCookie } = internalsOf(connection);
  if (!usesCookie) throw new SluiceError("unauthenticated", "a link carries no token: use `download`");
  const query = new URLSearchParams();
  if (options.version) query.set("version", options.version);
  if (options.inline) query.set("disposition", "inline");
  const suffix = String(query) && `?${query}`;
  return `${api}/files/${encodeURIComponent(fileId)}/content${suffix}`;
}
