const FIRST_MILLISECONDS = 400;
const LONGEST_MILLISECONDS = 20_000;
/** The longest wait that a server may ask for. */
const LONGEST_ASKED_MILLISECONDS = 120_000;

/** Retries of a call that a person waits for: about six seconds. */
export const BRIEF = 4;
/** Retries of a transfer: one to two minutes. */
export const PATIENT = 12;

/**
 * Exponential back-off with full jitter: each delay is random between 0 and a limit that doubles, so that
 * clients that failed at the same time do not retry at the same time.
 */
export class Backoff {
  #failures = 0;

  /** Allows `retries` failures without progress. `random` returns numbers from 0 to 1. */
  constructor(
    private readonly retries: number,
    private readonly random: () => number = Math.random,
  ) {}

  /**
   * Counts a failure. Returns how many milliseconds to wait, at least what the server asked for; undefined if
   * the retries are used up.
   */
  next(askedMilliseconds = 0): number | undefined {
    if (this.#failures === this.retries) return undefined;
    const interval = Math.min(FIRST_MILLISECONDS * 2 ** this.#failures, LONGEST_MILLISECONDS);
    this.#failures += 1;
    return Math.max(interval * this.random(), Math.min(askedMilliseconds, LONGEST_ASKED_MILLISECONDS));
  }

  /** Forgets the failures so far, because there was progress. */
  reset(): void {
    this.#failures = 0;
  }
}

/** Parses a `Retry-After` header to milliseconds; 0 if there is none. */
export function retryAfter(value: string | null, now = Date.now()): number {
  if (!value) return 0;
  const milliseconds = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isFinite(milliseconds) ? Math.max(milliseconds, 0) : 0;
}
