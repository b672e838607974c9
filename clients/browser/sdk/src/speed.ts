/** After this time a sample weighs about a third. */
const FADE_MILLISECONDS = 3000;
/** How much time one sample covers. */
const SAMPLE_MILLISECONDS = 200;
/** The weight of all samples from which on the speed is known. */
const LEAST_WEIGHT = 0.25;
/** After this time without progress the speed is unknown. */
const STILL_MILLISECONDS = 5000;

/** A smoothed speed: an exponentially weighted moving average, corrected for its start at 0. */
export class Speed {
  #mean = 0;
  #weight = 0;
  #pending = 0;
  #last: number | undefined;
  #moved = 0;

  /** Adds bytes that were transferred by `now`, in milliseconds since any fixed time. */
  add(bytes: number, now: number): void {
    this.#last ??= now;
    if (bytes > 0) this.#moved = now;
    this.#pending += bytes;
    this.#sample(now);
  }

  /** Bytes per second; undefined while unknown. */
  at(now: number): number | undefined {
    this.#sample(now);
    const isKnown = this.#weight >= LEAST_WEIGHT && now - this.#moved < STILL_MILLISECONDS;
    return isKnown ? this.#mean / this.#weight : undefined;
  }

  /** Forgets all samples, for instance after a pause. */
  reset(): void {
    this.#mean = 0;
    this.#weight = 0;
    this.#pending = 0;
    this.#last = undefined;
  }

  #sample(now: number): void {
    const elapsed = now - (this.#last ?? now);
    if (elapsed < SAMPLE_MILLISECONDS) return;
    const share = 1 - Math.exp(-elapsed / FADE_MILLISECONDS);
    this.#mean += share * ((this.#pending / elapsed) * 1000 - this.#mean);
    this.#weight += share * (1 - this.#weight);
    this.#pending = 0;
    this.#last = now;
  }
}
