const INTERVAL_MILLISECONDS = 100;

/** Tells a listener of progress: at once, or at most about ten times a second. */
export class Pulse {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last = Number.NEGATIVE_INFINITY;
  #isOver = false;
  readonly #onNetwork = () => this.now();

  /** `tell` does not throw. */
  constructor(private readonly tell: () => void) {
    globalThis.addEventListener?.("online", this.#onNetwork);
    globalThis.addEventListener?.("offline", this.#onNetwork);
  }

  /** Something has moved. */
  soon(): void {
    if (this.#isOver) return;
    const wait = this.#last + INTERVAL_MILLISECONDS - performance.now();
    if (wait <= 0) this.now();
    else this.#timer ??= setTimeout(() => this.now(), wait);
  }

  /** Something has happened. */
  now(): void {
    if (this.#isOver) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#last = performance.now();
    this.tell();
  }

  /** Tells for the last time. */
  end(): void {
    this.now();
    this.#isOver = true;
    globalThis.removeEventListener?.("online", this.#onNetwork);
    globalThis.removeEventListener?.("offline", this.#onNetwork);
  }
}

/** Calls a listener of the caller's. What it throws is reported, and does not stop us. */
export function notify<T>(listener: ((value: T) => void) | undefined, value: T): void {
  try {
    listener?.(value);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
