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

/** How often the locations of a plan may turn out to be unusable. */
const REFUSALS_MAX = 3;
/** A URL that expires sooner may not outlast the wait for a connection. */
const URL_LIFE_MIN_MILLISECONDS = 30_000;

/** A version that is being downloaded. */
export interface Source {
  internals: Internals;
  fileId: string;
  versionId: string;
  worker: LeasedWorker;
  meter: DownloadMeter;
  signal: AbortSignal;
}

/** Fetches and verifies the chunks of a request. Asks for a new plan if this one does not work. */
export async function fetchVerified(
  source: Source,
  request: PlannedRequest,
  refusals = 0,
): Promise<Uint8Array<ArrayBuffer>[]> {
  const isStale = refusals === 0 && request.expiresAt - Date.now() < URL_LIFE_MIN_MILLISECONDS;
  if (isStale) return fetchByNewPlan(source, request, 1);
  const outcome = await source.internals.requests.run(source, source.signal, () => read(source, request));
  if (outcome instanceof Uint8Array) return [outcome];
  if (outcome.kind === "final" || refusals >= REFUSALS_MAX) throw outcome.error;
  return fetchByNewPlan(source, request, refusals + 1);
}

/** Asks for new URLs, and every second time for the previous location of the bytes. */
async function fetchByNewPlan(
  source: Source,
  { from, to }: PlannedRequest,
  refusals: number,
): Promise<Uint8Array<ArrayBuffer>[]> {
  const { internals, fileId, versionId: version, signal } = source;
  const former = refusals % 2 === 0 ? { former: true } : {};
  const all: Uint8Array<ArrayBuffer>[] = [];
  for (let offset = from; offset < to;) {
    const plan = await getPlan(internals, fileId, { version, from: offset, to, ...former }, signal);
    const requests = requestsOf(plan, offset);
    const end = requests.at(-1)?.to ?? offset;
    if (end === offset || end > to) throw new SluiceError("unexpected_answer", "a plan that changes");
    for (const request of requests) all.push(...(await fetchVerified(source, request, refusals)));
    offset = end;
  }
  return all;
}

/**
 * Reads and verifies the range of a request, with retries. Bytes that fail verification are read once more.
 */
async function read(source: Source, request: PlannedRequest): Promise<Uint8Array<ArrayBuffer> | Failure> {
  const { signal, worker } = source;
  const backoff = new Backoff(PATIENT);
  let reads = 0;
  for (;;) {
    const bytes = new Uint8Array(request.length);
    const failure = await fill(source, request, bytes, backoff);
    if (failure) return failure;
    const input = { bytes, units: request.units };
    const verified = await worker.run("verify", input, { signal, transfer: [bytes.buffer] });
    if (verified.bytes) return verified.bytes;
    reads += 1;
    if (reads === 2) return damaged(request);
  }
}

/** Fills `bytes` with the range, with retries. A retry asks only for what is still missing. */
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
    const filledBefore = filled;
    const onBlock = (block: Uint8Array) => {
      bytes.set(block, filled);
      filled += block.length;
      meter.received(block.length);
    };
    const failure = await get(rest, onBlock, signal);
    if (failure?.kind !== "transient") return failure;
    if (filled > filledBefore) backoff.reset();
    // A failure caused by a lost network does not count as a retry.
    if (isOffline()) continue;
    const delay = backoff.next(failure.askedMilliseconds);
    if (delay === undefined) return failure;
    await sleep(delay, signal);
  }
}

function damaged({ from }: PlannedRequest): Failure {
  const error = new SluiceError("damaged", `the bytes from ${from} on fail verification`);
  return { kind: "damaged", error, askedMilliseconds: 0 };
}
