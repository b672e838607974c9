import { type PartUrl, signParts } from "../api/uploads.js";
import { Backoff, PATIENT } from "../backoff.js";
import type { Failure } from "../bucket/failure.js";
import { type PutOutcome, put } from "../bucket/put.js";
import { SluiceError } from "../errors.js";
import { isOffline, sleep, untilOnline } from "../waiting.js";
import { checkUnchanged, type Job } from "./job.js";
import { Urls } from "./urls.js";

/** How often the bucket may refuse fresh URLs, or find the bytes damaged, before that is taken for final. */
const REFUSALS_MAX = 3;

/** An upload's parts on their way. */
export class Parts {
  readonly #urls: Urls;
  #left: number;

  /** `bodyOf` gives the bytes of a part. Of the missing parts some URLs may be known. */
  constructor(
    private readonly job: Job,
    uploadId: string,
    private readonly bodyOf: (number: number) => Blob,
    missing: number[],
    known: PartUrl[],
    private readonly signal: AbortSignal,
  ) {
    const { inside } = job;
    this.#urls = new Urls(missing, known, (numbers) => signParts(inside, uploadId, numbers, signal));
    this.#left = missing.length;
  }

  /** Whether all parts have arrived. */
  get isDone(): boolean {
    return this.#left === 0;
  }

  /** One more part turns out to be missing. */
  add(number: number): void {
    this.#urls.add(number);
    this.#left += 1;
  }

  /** Sends the part in its turn, repeatedly if need be. Its `ETag` is noted in the job. */
  async send(number: number): Promise<void> {
    const etag = await this.job.inside.requests.run(this.job, this.signal, () => this.#sendNow(number));
    this.job.sent.set(number, etag);
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
    const body = this.bodyOf(url.number);
    if (body.size !== url.size) {
      throw new SluiceError("unexpected_answer", `part ${url.number} has another size`);
    }
    const attempt = this.job.meter.attempt(url.size);
    let arrived = false;
    try {
      const outcome = await put(url, body, attempt.sent, this.signal);
      arrived = "etag" in outcome;
      return outcome;
    } finally {
      if (arrived) attempt.succeed();
      else attempt.fail();
    }
  }

  async #waitAfter({ kind, error, askedMilliseconds }: Failure, backoff: Backoff): Promise<void> {
    if (kind !== "transient") throw error;
    // What failed because the network went away does not count.
    if (isOffline()) return;
    const delay = backoff.next(askedMilliseconds);
    if (delay === undefined) throw error;
    await sleep(delay, this.signal);
  }
}
