import { getPlan, type Plan } from "../api/plans.js";
import { type Connection, internals } from "../connection.js";
import { aborted, SluiceError } from "../errors.js";
import type { DownloadOptions } from "../types.js";
import { linked } from "../upload/signals.js";
import { fetchChecked, type Source } from "./fetch.js";
import { DownloadMeter } from "./meter.js";
import { requestsOf } from "./plan.js";
import { Sink } from "./sink.js";

/** For each request that may be under way, so many may have been made and not been handed over. */
const AHEAD = 2;

let lastStream = 0;

/**
 * Downloads a version and checks it: every chunk by its BLAKE3 before it is handed over, the whole by its SHA-256 before
 * the promise resolves. With `to`, bytes are written there in order as they are checked, and it is closed, or aborted on
 * failure; without, a Blob results.
 */
export async function download(
  connection: Connection,
  fileId: string,
  options: DownloadOptions = {},
): Promise<Blob | undefined> {
  const inside = internals(connection);
  const meter = new DownloadMeter(options.onProgress);
  const worker = inside.workers.lease();
  const sink = new Sink(options.to);
  const { controller, signal, unlink } = linked(options.signal ?? new AbortController().signal);
  let isDone = false;
  try {
    const blob = await inside.downloading.run(meter, signal, async () => {
      const first = await getPlan(inside, fileId, { version: options.version }, signal);
      meter.size = first.size;
      // Whatever happens to the file meanwhile, all of it is of one version.
      const source = { inside, fileId, versionId: first.version_id, worker, meter, signal };
      const sha256 = await transfer(source, first, sink);
      if (sha256 !== first.sha256) throw new SluiceError("damaged", "the content is not what it should be");
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

/** Brings all bytes to the sink, in order, and gives their SHA-256. */
async function transfer(source: Source, first: Plan, sink: Sink): Promise<string> {
  const { inside, worker, meter, signal } = source;
  const stream = lastStream++;
  const ahead: Promise<Uint8Array<ArrayBuffer>[]>[] = [];
  const handOver = async () => {
    for (const checked of (await ahead.shift()) ?? []) {
      const transfer = [checked.buffer];
      const { bytes } = await worker.run("fold", { stream, bytes: checked }, { signal, transfer });
      const { length } = bytes;
      await sink.write(bytes);
      meter.verified(length);
    }
  };
  try {
    for await (const request of requests(source, first)) {
      const fetched = fetchChecked(source, request);
      // Its failure is met when its turn has come.
      fetched.catch(() => {});
      ahead.push(fetched);
      if (ahead.length > inside.parallel * AHEAD) await handOver();
    }
    while (ahead.length > 0) await handOver();
    return await worker.run("unfold", { stream });
  } catch (error) {
    // The worker is to keep nothing. If it has failed, it does not.
    worker.run("unfold", { stream }).catch(() => {});
    throw error;
  }
}

/** The requests of all pages of the plan. */
async function* requests({ inside, fileId, versionId, signal }: Source, first: Plan) {
  let offset = 0;
  for (let plan = first; ;) {
    const page = requestsOf(plan, offset);
    yield* page;
    offset = page.at(-1)?.to ?? offset;
    if (!plan.next_cursor) break;
    plan = await getPlan(inside, fileId, { version: versionId, cursor: plan.next_cursor }, signal);
  }
  if (offset !== first.size) throw new SluiceError("unexpected_answer", "a plan that does not add up");
}

/**
 * The address of a file's bytes, for a link or an `<img>`: only where the session is a cookie of the page's own
 * origin, which goes with such requests.
 */
export function contentUrl(
  connection: Connection,
  fileId: string,
  options: { version?: string | undefined; inline?: boolean | undefined } = {},
): string {
  const { api, usesCookie } = internals(connection);
  if (!usesCookie) throw new SluiceError("unauthenticated", "a link carries no token: use `download`");
  const query = new URLSearchParams();
  if (options.version) query.set("version", options.version);
  if (options.inline) query.set("disposition", "inline");
  const suffix = String(query) && `?${query}`;
  return `${api}/files/${encodeURIComponent(fileId)}/content${suffix}`;
}
