import { type PartUrl, signParts } from "../api/uploads.js";
import { Backoff, PATIENT } from "../backoff.js";
import type { Failure } from "../bucket/failure.js";
import { type PutOutcome, put } from "../bucket/put.js";
import { SluiceError } from "../errors.js";
import { isOffline, sleep, untilOnline } from "../waiting.js";
import { checkUnchanged, type Job } from "./job.js";
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
    const etag = await this.job.internals.requests.run(this.job, this.signal, () => this.#sendNow(number));
    this.job.etags.set(number, etag);
    this.#urls.done(number);
    this.#left -= 1;
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
      } else {
        await this.#waitAfter(outcome, backoff);
      }
    }
  }

  async #attempt(url: PartUrl): Promise<PutOutcome> {
    const body = this.parts.bodyOf(url.number);
    if (body.size !== url.size) {
      throw new SluiceError("unexpected_answer", `part ${url.number} has another size`);
    }
    const attempt = this.job.meter.attempt(url.size);
    let hasArrived = false;
    try {
      const outcome = await put(url, body, attempt.sent, this.signal);
      hasArrived = "etag" in outcome;
      return outcome;
    } finally {
      if (hasArrived) attempt.succeed();
      else attempt.fail();
    }
  }

  async #waitAfter({ kind, error, askedMilliseconds }: Failure, backoff: Backoff): Promise<void> {
    if (kind !== "transient") throw error;
    // A failure caused by a lost network does not count as a retry.
    if (isOffline()) return;
    const delay = backoff.next(askedMilliseconds);
    if (delay === undefined) throw error;
    await sleep(delay, this.signal);
  }
}
