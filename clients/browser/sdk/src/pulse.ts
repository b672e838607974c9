const INTERVAL_MILLISECONDS = 100;

/** Reports progress to a listener: at once, or at most about ten times a second. */
export class Pulse {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last = Number.NEGATIVE_INFINITY;
  #isOver = false;
  readonly #onNetwork = () => this.now();

  /** `report` must not throw. */
  constructor(private readonly report: () => void) {
    globalThis.addEventListener?.("online", this.#onNetwork);
    globalThis.addEventListener?.("offline", this.#onNetwork);
  }

  /** Reports within the interval. */
  soon(): void {
    if (this.#isOver) return;
    const wait = this.#last + INTERVAL_MILLISECONDS - performance.now();
    if (wait <= 0) this.now();
    else this.#timer ??= setTimeout(() => this.now(), wait);
  }

  /** Reports at once, whenever the last report was. */
  now(): void {
    if (this.#isOver) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#last = performance.now();
    this.report();
  }

  /** Reports for the last time. */
  end(): void {
    this.now();
    this.#isOver = true;
    globalThis.removeEventListener?.("online", this.#onNetwork);
    globalThis.removeEventListener?.("offline", this.#onNetwork);
  }
}

/** Calls a listener of the caller. An error that it throws is reported, and does not stop the transfer. */
export function notify<T>(listener: ((value: T) => void) | undefined, value: T): void {
  try {
    listener?.(value);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
