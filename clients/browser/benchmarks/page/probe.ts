const TIMER_MILLIS = 5;

/** Measures how long the main thread is blocked. */
export class Probe {
  #longestTask = 0;
  #longestDelay = 0;
  #last = performance.now();
  readonly #observer = new PerformanceObserver((list) => this.#note(list.getEntries()));
  readonly #timer = setInterval(() => this.#tick(), TIMER_MILLIS);

  constructor() {
    this.#observer.observe({ type: "longtask" });
  }

  stop(): { longestTaskMillis: number; longestDelayMillis: number } {
    clearInterval(this.#timer);
    this.#note(this.#observer.takeRecords());
    this.#observer.disconnect();
    return { longestTaskMillis: this.#longestTask, longestDelayMillis: this.#longestDelay };
  }

  #note(entries: PerformanceEntry[]): void {
    for (const { duration } of entries) this.#longestTask = Math.max(this.#longestTask, duration);
  }

  #tick(): void {
    const now = performance.now();
    this.#longestDelay = Math.max(this.#longestDelay, now - this.#last - TIMER_MILLIS);
    this.#last = now;
  }
}
