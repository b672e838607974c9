import { getUpload, type PartUrl, signParts } from "../api/uploads.js";
import { Backoff, PATIENT } from "../backoff.js";
import type { Failure } from "../bucket/failure.js";
import { type PutOutcome, put } from "../bucket/put.js";
import { SluiceError } from "../errors.js";
import { isOffline, sleep, unlessAborted, untilOnline } from "../waiting.js";
import { checkUnchanged, type Job } from "./job.js";
import { matches } from "./received.js";
import { Urls } from "./urls.js";

/** How often the bucket may refuse new URLs, or receive damaged bytes. */
const REFUSALS_MAX = 3;

/** The parts of an upload that are to be sent. */
export interface PartsToSend {
  uploadId: string;
  /** Returns the bytes of a part. */
  bodyOf: (number: number) => Blob;
  /** The numbers of the parts. */
  missing: number[];
  /** The URLs that are already known of some parts. */
  urls: PartUrl[];
}

/** Sends the parts of an upload. */
export class PartSender {
  readonly #urls: Urls;
  #left: number;

  constructor(
    private readonly job: Job,
    private readonly parts: PartsToSend,
    private readonly signal: AbortSignal,
  ) {
    const sign = (numbers: number[]) => signParts(job.internals, parts.uploadId, numbers, signal);
    this.#urls = new Urls(parts.missing, parts.urls, sign);
    this.#left = parts.missing.length;
  }

  /** Whether all parts have arrived. */
  get isDone(): boolean {
    return this.#left === 0;
  }

  /** Adds a part that turns out to be missing. */
  add(number: number): void {
    this.#urls.add(number);
    this.#left += 1;
  }

  /** Sends a part when it has a slot, with retries. Notes its `ETag` in the job. */
  async send(number: number): Promise<void> {
    const etag = (await this.#kept(number)) ?? (await this.#sendInSlot(number));
    this.job.etags.set(number, etag);
    this.#urls.done(number);
    this.#left -= 1;
  }

  /** Waits for a PUT from before a pause. Returns its `ETag` if it succeeds. */
  async #kept(number: number): Promise<string | undefined> {
    const kept = this.job.inFlight.outcomeOf(number);
    const outcome = kept && (await unlessAborted(kept, this.signal));
    return outcome && "etag" in outcome ? outcome.etag : undefined;
  }

  async #sendInSlot(number: number): Promise<string> {
    const release = await this.job.internals.pace.acquire(this.job, this.signal);
    try {
      return await this.#sendNow(number);
    } finally {
      // After a pause the PUT goes on, and keeps its slot.
      const kept = this.job.inFlight.outcomeOf(number);
      if (kept) kept.then(release, release);
      else release();
    }
  }

  async #sendNow(number: number): Promise<string> {
    const backoff = new Backoff(PATIENT);
    let refusals = 0;
    for (;;) {
      await untilOnline(this.signal);
      const url = await this.#urls.get(number);
      const outcome = await this.#attempt(url);
      if ("etag" in outcome) return outcome.etag;
      await checkUnchanged(this.job);
      if (outcome.kind === "forbidden" || outcome.kind === "damaged") {
        refusals += 1;
        if (refusals > REFUSALS_MAX) throw outcome.error;
        this.#urls.refuse(url);
        continue;
      }
      const etag = outcome.kind === "unanswered" ? await this.#arrived(number) : undefined;
      if (etag !== undefined) return etag;
      await this.#waitAfter(outcome, backoff);
    }
  }

  async #attempt(url: PartUrl): Promise<PutOutcome> {
    const body = this.parts.bodyOf(url.number);
    if (body.size !== url.size) {
      throw new SluiceError("unexpected_answer", `part ${url.number} has another size`);
    }
    const sending = this.job.inFlight.start(url.number, (signal) => this.#put(url, body, signal));
    return unlessAborted(sending, this.signal);
  }

  async #put(part: PartUrl, body: Blob, signal: AbortSignal): Promise<PutOutcome> {
    const { meter, etags, internals } = this.job;
    const { pace } = internals;
    const attempt = meter.attempt(part.size);
    const start = performance.now();
    let hasArrived = false;
    try {
      const patience = (bytes: number) => pace.patience(bytes);
      const outcome = await put({ part, body, onSent: attempt.sent, patience, signal });
      hasArrived = "etag" in outcome;
      if ("etag" in outcome) {
        etags.set(part.number, outcome.etag);
        pace.finished(body.size, performance.now() - start);
      } else if (outcome.error.code === "unreachable" && !isOffline()) pace.stalled();
      return outcome;
    } finally {
      if (hasArrived) attempt.succeed();
      else attempt.fail();
    }
  }

  /** Asks whether the bucket has a part whose PUT was not answered. Returns its `ETag` if it has. */
  async #arrived(number: number): Promise<string | undefined> {
    const { job, signal, parts } = this;
    await untilOnline(signal);
    const view = await getUpload(job.internals, parts.uploadId, signal);
    const body = parts.bodyOf(number);
    const part = view.received?.find((one) => one.number === number && one.size === body.size);
    const isStored = part ? await matches(job, part, body, signal) : view.state !== "open";
    if (!isStored) return undefined;
    job.meter.confirm(body.size);
    return job.etags.get(number) ?? "";
  }

  async #waitAfter({ kind, error, askedMilliseconds }: Failure, backoff: Backoff): Promise<void> {
    if (kind !== "transient" && kind !== "unanswered") throw error;
    // A failure caused by a lost network does not count as a retry.
    if (isOffline()) return;
    const delay = backoff.next(askedMilliseconds);
    if (delay === undefined) throw error;
    await sleep(delay, this.signal);
  }
}
