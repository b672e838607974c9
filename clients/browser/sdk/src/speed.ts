/** How fast older samples fade: after so long they count for about a third. */
const FADE_MILLISECONDS = 3000;
/** Bytes are gathered for so long before they make a sample. */
const SAMPLE_MILLISECONDS = 200;
/** How much must have been seen of the fading time before the speed is told. */
const LEAST_WEIGHT = 0.25;
/** When nothing has moved for so long, there is no speed to tell. */
const STILL_MILLISECONDS = 5000;

/** A smoothed speed: an exponentially weighted mean over time, corrected for its beginning at 0. */
export class Speed {
  #mean = 0;
  #weight = 0;
  #pending = 0;
  #last: number | undefined;
  #moved = 0;

  /** So many bytes have moved. Times are in milliseconds, from any fixed point on. */
  add(bytes: number, now: number): void {
    this.#last ??= now;
    if (bytes > 0) this.#moved = now;
    this.#pending += bytes;
    this.#sample(now);
  }

  /** Bytes a second, or nothing while too little is known. */
  at(now: number): number | undefined {
    this.#sample(now);
    const isKnown = this.#weight >= LEAST_WEIGHT && now - this.#moved < STILL_MILLISECONDS;
    return isKnown ? this.#mean / this.#weight : undefined;
  }

  /** Forgets everything: what comes after a pause says nothing about the time before it. */
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
