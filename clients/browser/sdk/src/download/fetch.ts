import { getPlan } from "../api/plans.js";
import { Backoff, PATIENT } from "../backoff.js";
import type { Failure } from "../bucket/failure.js";
import { get } from "../bucket/get.js";
import type { Internals } from "../connection.js";
import { SluiceError } from "../errors.js";
import type { LeasedWorker } from "../hash/workers.js";
import { isOffline, sleep, untilOnline } from "../waiting.js";
import type { DownloadMeter } from "./meter.js";
import { type PlannedRequest, requestsOf } from "./plan.js";

/** How often a plan's places may turn out to be of no use before that is taken for final. */
const REFUSALS_MAX = 3;
/** A URL that ends sooner may not outlast the wait for a connection. */
const LEAST_LIFE_MILLISECONDS = 30_000;

/** A version that is being downloaded. */
export interface Source {
  inside: Internals;
  fileId: string;
  versionId: string;
  worker: LeasedWorker;
  meter: DownloadMeter;
  signal: AbortSignal;
}

/** Fetches and checks the chunks of a request: where the plan says, or else where a fresh plan says. */
export async function fetchChecked(
  source: Source,
  request: PlannedRequest,
  refusals = 0,
): Promise<Uint8Array<ArrayBuffer>[]> {
  const isStale = refusals === 0 && request.expiresAt - Date.now() < LEAST_LIFE_MILLISECONDS;
  if (isStale) return fetchAgain(source, request, 1);
  const outcome = await source.inside.requests.run(source, source.signal, () => read(source, request));
  if (outcome instanceof Uint8Array) return [outcome];
  if (outcome.kind === "final" || refusals >= REFUSALS_MAX) throw outcome.error;
  return fetchAgain(source, request, refusals + 1);
}

/** Fresh URLs may do; or the place where the bytes lay before, if they cannot be read where they lie. */
async function fetchAgain(
  source: Source,
  { from, to }: PlannedRequest,
  refusals: number,
): Promise<Uint8Array<ArrayBuffer>[]> {
  const { inside, fileId, versionId: version, signal } = source;
  const former = refusals % 2 === 0 ? { former: true } : {};
  const all: Uint8Array<ArrayBuffer>[] = [];
  for (let offset = from; offset < to;) {
    const plan = await getPlan(inside, fileId, { version, from: offset, to, ...former }, signal);
    const requests = requestsOf(plan, offset);
    const end = requests.at(-1)?.to ?? offset;
    if (end === offset || end > to) throw new SluiceError("unexpected_answer", "a plan that changes");
    for (const request of requests) all.push(...(await fetchChecked(source, request, refusals)));
    offset = end;
  }
  return all;
}

/** Reads where the request says, repeatedly if need be. */
async function read(source: Source, request: PlannedRequest): Promise<Uint8Array<ArrayBuffer> | Failure> {
  const { signal, worker } = source;
  const backoff = new Backoff(PATIENT);
  let tries = 0;
  for (;;) {
    const bytes = new Uint8Array(request.length);
    const failure = await fill(source, request, bytes, backoff);
    if (failure) return failure;
    const input = { bytes, units: request.units };
    const checked = await worker.run("check", input, { signal, transfer: [bytes.buffer] });
    if (checked.bytes) return checked.bytes;
    tries += 1;
    if (tries === 2) return damaged(request);
  }
}

/** Fills `bytes` with the range, by as many tries as it takes; what has come stays. */
async function fill(
  { meter, signal }: Source,
  request: PlannedRequest,
  bytes: Uint8Array,
  backoff: Backoff,
): Promise<Failure | undefined> {
  let filled = 0;
  for (;;) {
    await untilOnline(signal);
    const rest = { ...request, start: request.start + filled, length: request.length - filled };
    const before = filled;
    const take = (block: Uint8Array) => {
      bytes.set(block, filled);
      filled += block.length;
      meter.received(block.length);
    };
    const failure = await get(rest, take, signal);
    if (failure?.kind !== "transient") return failure;
    if (filled > before) backoff.reset();
    // What failed because the network went away does not count.
    if (isOffline()) continue;
    const delay = backoff.next(failure.askedMilliseconds);
    if (delay === undefined) return failure;
    await sleep(delay, signal);
  }
}

function damaged({ from }: PlannedRequest): Failure {
  const error = new SluiceError("damaged", `the bytes from ${from} on are not what they should be`);
  return { kind: "damaged", error, askedMilliseconds: 0 };
}
