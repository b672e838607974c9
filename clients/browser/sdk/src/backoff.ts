const FIRST_MILLISECONDS = 400;
const LONGEST_MILLISECONDS = 20_000;
/** A server may ask for more patience than our own schedule has, within reason. */
const LONGEST_ASKED_MILLISECONDS = 120_000;

/** How often a call that somebody waits for is repeated: for about six seconds. */
export const BRIEF = 4;
/** How often a transfer is repeated: a minute or two of trouble is sat out. */
export const PATIENT = 12;

/**
 * Exponential back-off with full jitter: each delay is drawn from an interval that begins at 0 and doubles, so that
 * clients which failed together do not come back together.
 */
export class Backoff {
  #failures = 0;

  /** Gives up after `most` failures without progress. `random` gives numbers from 0 to 1. */
  constructor(
    private readonly most: number,
    private readonly random: () => number = Math.random,
  ) {}

  /**
   * Notes one more failure. Gives how long to wait, in milliseconds, and never less than the server asked for; nothing
   * if it is time to give up.
   */
  next(askedMilliseconds = 0): number | undefined {
    if (this.#failures === this.most) return undefined;
    const interval = Math.min(FIRST_MILLISECONDS * 2 ** this.#failures, LONGEST_MILLISECONDS);
    this.#failures += 1;
    return Math.max(interval * this.random(), Math.min(askedMilliseconds, LONGEST_ASKED_MILLISECONDS));
  }

  /** Notes progress: the failures so far no longer count. */
  reset(): void {
    this.#failures = 0;
  }
}

/** The `Retry-After` of an answer in milliseconds; 0 if it has none. */
export function retryAfter(value: string | null, now = Date.now()): number {
  if (!value) return 0;
  const milliseconds = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isFinite(milliseconds) ? Math.max(milliseconds, 0) : 0;
}
