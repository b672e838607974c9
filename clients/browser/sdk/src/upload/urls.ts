import { CALL_MAX, type PartUrl } from "../api/uploads.js";
import { SluiceError } from "../errors.js";

/** A URL that ends sooner may not outlast the wait for a connection. */
const LEAST_LIFE_MILLISECONDS = 30_000;

/** Asks for fresh URLs of these parts. */
export type Sign = (numbers: number[]) => Promise<PartUrl[]>;

/** The presigned URLs of an upload's parts: fetched in batches, just ahead of need, and again when they expire. */
export class Urls {
  /** The parts that have still to be sent, in order, with the URLs at hand. */
  readonly #wanted = new Map<number, PartUrl | undefined>();
  /** URLs that seemed to have expired when they came: our clock is wrong, and the bucket will tell. */
  readonly #timeless = new Set<string>();
  #signing: Promise<void> | undefined;

  /** For parts that have to be sent, of which some URLs may be known. */
  constructor(
    missing: Iterable<number>,
    known: PartUrl[],
    private readonly sign: Sign,
    private readonly now: () => number = Date.now,
  ) {
    for (const number of missing) this.#wanted.set(number, undefined);
    this.#take(known);
  }

  /** One more part has to be sent. */
  add(number: number): void {
    this.#wanted.set(number, undefined);
  }

  /** A URL for the part. Whoever finds none at hand fetches those of the next parts too. */
  async get(number: number): Promise<PartUrl> {
    for (;;) {
      const url = this.#wanted.get(number);
      if (url && this.#isFresh(url)) return url;
      this.#signing ??= this.#signFrom(number).finally(() => {
        this.#signing = undefined;
      });
      await this.#signing;
    }
  }

  /** The bucket refused this URL. Those that came with it have most likely expired too. */
  refuse(refused: PartUrl): void {
    // Another part's refusal may have led to fresh ones already.
    if (this.#wanted.get(refused.number)?.url !== refused.url) return;
    for (const number of this.#wanted.keys()) this.#wanted.set(number, undefined);
  }

  /** The part has arrived. */
  done(number: number): void {
    this.#wanted.delete(number);
  }

  async #signFrom(number: number): Promise<void> {
    const batch = [number];
    for (const [other, url] of this.#wanted) {
      if (batch.length === CALL_MAX) break;
      if (other > number && !(url && this.#isFresh(url))) batch.push(other);
    }
    this.#take(await this.sign(batch));
    if (!this.#wanted.get(number)) throw new SluiceError("unexpected_answer", `no URL for part ${number}`);
  }

  #take(urls: PartUrl[]): void {
    for (const url of urls) {
      if (!this.#wanted.has(url.number)) continue;
      if (!this.#isFresh(url)) this.#timeless.add(url.url);
      this.#wanted.set(url.number, url);
    }
  }

  #isFresh(url: PartUrl): boolean {
    const life = Date.parse(url.expires_at) - this.now();
    return life > LEAST_LIFE_MILLISECONDS || this.#timeless.has(url.url);
  }
}
