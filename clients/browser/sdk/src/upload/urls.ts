import { CALL_MAX, type PartUrl } from "../api/uploads.js";
import { SluiceError } from "../errors.js";

/** A URL that expires sooner may not outlast the wait for a connection. */
const LIFE_MIN_MILLISECONDS = 30_000;

/** Asks the server for new URLs of these parts. */
export type Sign = (numbers: number[]) => Promise<PartUrl[]>;

/**
 * The presigned URLs of an upload's parts. Fetches them in batches when needed, and again when they expire.
 */
export class Urls {
  /** The parts still to be sent, in order, with their URLs if known. */
  readonly #pending = new Map<number, PartUrl | undefined>();
  /** URLs that seemed expired on arrival: the local clock is wrong, so only the bucket can tell. */
  readonly #unclocked = new Set<string>();
  #signing: Promise<void> | undefined;

  constructor(
    missing: Iterable<number>,
    urls: PartUrl[],
    private readonly sign: Sign,
    private readonly now: () => number = Date.now,
  ) {
    for (const number of missing) this.#pending.set(number, undefined);
    this.#store(urls);
  }

  /** Adds a part that has to be sent. */
  add(number: number): void {
    this.#pending.set(number, undefined);
  }

  /** Returns a URL for the part. If there is none, fetches those of the following parts too. */
  async get(number: number): Promise<PartUrl> {
    for (;;) {
      const url = this.#pending.get(number);
      if (url && this.#isFresh(url)) return url;
      this.#signing ??= this.#signFrom(number).finally(() => {
        this.#signing = undefined;
      });
      await this.#signing;
    }
  }

  /** Drops a URL that the bucket refused, and all others: they have most likely expired too. */
  refuse(refused: PartUrl): void {
    // Another part's refusal may already have replaced it.
    if (this.#pending.get(refused.number)?.url !== refused.url) return;
    for (const number of this.#pending.keys()) this.#pending.set(number, undefined);
  }

  /** Removes a part that has arrived. */
  done(number: number): void {
    this.#pending.delete(number);
  }

  async #signFrom(number: number): Promise<void> {
    const batch = [number];
    for (const [other, url] of this.#pending) {
      if (batch.length === CALL_MAX) break;
      if (other > number && !(url && this.#isFresh(url))) batch.push(other);
    }
    this.#store(await this.sign(batch));
    if (!this.#pending.get(number)) throw new SluiceError("unexpected_answer", `no URL for part ${number}`);
  }

  #store(urls: PartUrl[]): void {
    for (const url of urls) {
      if (!this.#pending.has(url.number)) continue;
      if (!this.#isFresh(url)) this.#unclocked.add(url.url);
      this.#pending.set(url.number, url);
    }
  }

  #isFresh(url: PartUrl): boolean {
    const life = Date.parse(url.expiresAt) - this.now();
    return life > LIFE_MIN_MILLISECONDS || this.#unclocked.has(url.url);
  }
}
