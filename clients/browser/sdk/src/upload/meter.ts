import { notify, Pulse } from "../pulse.js";
import { Speed } from "../speed.js";
import type { UploadPhase, UploadProgress } from "../types.js";
import { isOffline } from "../waiting.js";

/** Phases that need the network. */
const NETWORKED: UploadPhase[] = ["waiting", "uploading", "verifying"];

/** One attempt to send a part. */
export interface Attempt {
  /** Sets how many of its bytes have been sent so far. */
  sent(bytes: number): void;
  /** The part has arrived. */
  succeed(): void;
  /** The part has to be sent again. */
  fail(): void;
}

/** Counts the bytes of one upload and reports its progress. */
export class UploadMeter {
  uploadId: string | undefined;
  wireBytes = 0;
  hashedBytes = 0;
  #phase: UploadPhase = "waiting";
  #resumedBytes = 0;
  #confirmedBytes = 0;
  #parts = { done: 0, total: 0 };
  readonly #inFlight = new Map<Attempt, number>();
  readonly #speed = new Speed();
  readonly #pulse: Pulse;

  constructor(
    private readonly size: number,
    onProgress: ((progress: UploadProgress) => void) | undefined,
  ) {
    this.#pulse = new Pulse(() => notify(onProgress, this.progress));
  }

  /** The current phase, except `offline`: `progress` adds that. */
  get phase(): UploadPhase {
    return this.#phase;
  }

  set phase(phase: UploadPhase) {
    if (phase === this.#phase) return;
    this.#phase = phase;
    this.#speed.reset();
    if (phase === "available" || phase === "failed" || phase === "aborted") this.#pulse.end();
    else this.#pulse.now();
  }

  get progress(): UploadProgress {
    const offline = isOffline() && NETWORKED.includes(this.#phase);
    let sentBytes = this.#confirmedBytes;
    for (const bytes of this.#inFlight.values()) sentBytes += bytes;
    const { size, hashedBytes, wireBytes, uploadId } = this;
    const rate = this.#phase === "uploading" && !offline ? this.#speed.at(performance.now()) : undefined;
    return {
      phase: offline ? "offline" : this.#phase,
      size,
      hashedBytes,
      sentBytes,
      resumedBytes: this.#resumedBytes,
      wireBytes,
      parts: { ...this.#parts, sending: this.#inFlight.size },
      ...(rate !== undefined && { bytesPerSecond: rate }),
      ...(rate && { secondsLeft: (size - sentBytes) / rate }),
      ...(uploadId !== undefined && { uploadId }),
    };
  }

  /** Reports the progress at once. */
  report(): void {
    this.#pulse.now();
  }

  /** Sets how much of the file has been hashed. */
  hashed(bytes: number): void {
    this.hashedBytes = bytes;
    this.#pulse.soon();
  }

  /**
   * Starts or resumes sending. `done` parts of `total`, with `confirmedBytes`, need not be sent;
   * `resumedBytes` of them because they were sent earlier. Attempts that a pause has left in flight still
   * count.
   */
  begin(total: number, done = 0, confirmedBytes = 0, resumedBytes = 0): void {
    this.#parts = { done, total };
    this.#confirmedBytes = confirmedBytes;
    this.#resumedBytes = resumedBytes;
    this.phase = "uploading";
    this.#pulse.now();
  }

  /** Takes back a part that was counted as sent. */
  retract(bytes: number): void {
    this.#parts.done -= 1;
    this.#confirmedBytes -= bytes;
    this.#resumedBytes -= bytes;
    this.#pulse.soon();
  }

  /** Counts a part as arrived. */
  confirm(bytes: number): void {
    this.#parts.done += 1;
    this.#confirmedBytes += bytes;
    this.#pulse.soon();
  }

  /** Counts all bytes as sent. */
  arrived(): void {
    this.#confirmedBytes = this.size;
    this.#parts.done = this.#parts.total;
    this.#inFlight.clear();
  }

  /** Starts to count an attempt to send a part of `size` bytes. */
  attempt(size: number): Attempt {
    let last = 0;
    const attempt: Attempt = {
      sent: (bytes) => {
        const moved = Math.min(bytes, size) - last;
        last += moved;
        this.wireBytes += moved;
        this.#speed.add(moved, performance.now());
        if (this.#inFlight.has(attempt)) this.#inFlight.set(attempt, last);
        this.#pulse.soon();
      },
      succeed: () => {
        attempt.sent(size);
        if (this.#inFlight.delete(attempt)) this.confirm(size);
      },
      fail: () => {
        this.#inFlight.delete(attempt);
        this.#pulse.soon();
      },
    };
    this.#inFlight.set(attempt, 0);
    return attempt;
  }
}
