import { type Release, Slots } from "./slots.js";

/** How many requests run at once before any has been measured. */
const FIRST = 2;
/** After a request that took less than this, one more may run at once. */
const QUICK_MILLISECONDS = 8000;
/** After a request that took more than this, one fewer may run at once. */
const LONG_MILLISECONDS = 20_000;
/** Smaller bodies measure the latency, not the line. */
const MEASURED_MIN_BYTES = 256 * 1024;
/** The weight of the latest request in the mean rate. */
const LATEST_SHARE = 0.5;
/** A part of an upload that begins should take about this long. */
const PART_SECONDS = 5;
/** S3's least size of a part, and the size below which the server makes no parts. */
const PART_MIN_BYTES = 5 * 2 ** 20;
const PART_USUAL_BYTES = 16 * 2 ** 20;
/** S3's most parts of an upload. */
const PARTS_MAX = 10_000;
/** A request that moves nothing for this long has stalled, unless bytes may still be under way. */
const STALL_MILLISECONDS = 30_000;
/** The slowest line that is waited for while the rate is unknown: 256 kbit/s. */
const SLOWEST_BYTES_PER_SECOND = 32 * 1024;
const PATIENCE_MAX_MILLISECONDS = 15 * 60_000;

/**
 * Adapts PUTs to the line: fewer at once and smaller parts where one takes long, so that little is lost when
 * a request breaks off, and longer waits for an answer.
 */
export class Pace {
  readonly #slots: Slots;
  #limit: number;
  /** Mean bytes per second of one request, from its start to its answer. */
  #rate: number | undefined;

  /** `requests` limits all requests of the connection to `most`. */
  constructor(
    private readonly requests: Slots,
    private readonly most: number,
  ) {
    this.#limit = Math.min(FIRST, most);
    this.#slots = new Slots(this.#limit);
  }

  /** How many PUTs may run at once. */
  get limit(): number {
    return this.#limit;
  }

  /** Waits for a slot. */
  async acquire(owner: unknown, signal: AbortSignal): Promise<Release> {
    const release = await this.#slots.acquire(owner, signal);
    try {
      const releaseRequest = await this.requests.acquire(owner, signal);
      return () => {
        releaseRequest();
        release();
      };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Notes that a PUT has been answered. */
  finished(bytes: number, milliseconds: number): void {
    if (milliseconds < QUICK_MILLISECONDS) this.#resize(Math.min(this.#limit + 1, this.most));
    else if (milliseconds > LONG_MILLISECONDS) this.#resize(Math.max(this.#limit - 1, 1));
    if (bytes < MEASURED_MIN_BYTES) return;
    const rate = (bytes * 1000) / Math.max(milliseconds, 1);
    this.#rate = rate * LATEST_SHARE + (this.#rate ?? rate) * (1 - LATEST_SHARE);
  }

  /** Notes that a PUT broke off or was not answered. */
  stalled(): void {
    this.#resize(1);
    // As patient as with an unknown line, but with small parts.
    this.#rate = 2 * SLOWEST_BYTES_PER_SECOND;
  }

  /** The size of a new upload's parts; undefined leaves it to the server, on a fast or unknown line. */
  partSize(fileSize: number): number | undefined {
    if (this.#rate === undefined) return undefined;
    const wanted = Math.max(this.#rate * PART_SECONDS, PART_MIN_BYTES, fileSize / PARTS_MAX);
    return wanted < PART_USUAL_BYTES ? Math.ceil(wanted) : undefined;
  }

  /**
   * How long to wait, in milliseconds, while so many bytes may still be under way: in buffers of the system,
   * or in a proxy that passes them on only when it has all.
   */
  patience(bytes: number): number {
    const rate = this.#rate === undefined ? SLOWEST_BYTES_PER_SECOND : this.#rate / 2;
    return Math.min(STALL_MILLISECONDS + (bytes * 1000) / rate, PATIENCE_MAX_MILLISECONDS);
  }

  #resize(limit: number): void {
    this.#limit = limit;
    this.#slots.resize(limit);
  }
}
