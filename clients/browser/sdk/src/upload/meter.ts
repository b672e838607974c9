import { notify, Pulse } from "../pulse.js";
import { Speed } from "../speed.js";
import type { UploadPhase, UploadProgress } from "../types.js";
import { isOffline } from "../waiting.js";

/** Phases in which nothing happens without the network. */
const NETWORKED: UploadPhase[] = ["waiting", "uploading", "verifying"];

/** One try to send a part. */
export interface Attempt {
  /** So many of its bytes are on their way. */
  sent(bytes: number): void;
  /** All have arrived. */
  succeed(): void;
  /** They have to be sent again. */
  fail(): void;
}

/** Keeps count of one upload and tells its listener. */
export class UploadMeter {
  uploadId: string | undefined;
  wireBytes = 0;
  hashedBytes = 0;
  #phase: UploadPhase = "waiting";
  #resumedBytes = 0;
  #settledBytes = 0;
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

  /** What the upload is doing, apart from waiting for the network. */
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

  /** A snapshot. */
  get progress(): UploadProgress {
    const offline = isOffline() && NETWORKED.includes(this.#phase);
    let sentBytes = this.#settledBytes;
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
      parts: { ...this.#parts },
      ...(rate !== undefined && { bytesPerSecond: rate }),
      ...(rate && { secondsLeft: (size - sentBytes) / rate }),
      ...(uploadId !== undefined && { uploadId }),
    };
  }

  /** Tells the listener where the upload stands. */
  tell(): void {
    this.#pulse.now();
  }

  /** So much of the file has been read. */
  hashed(bytes: number): void {
    this.hashedBytes = bytes;
    this.#pulse.soon();
  }

  /**
   * Sending begins or goes on. `settledBytes` of the content, `done` parts of `total`, need not be sent;
   * `resumedBytes` of them because they were sent before.
   */
  begin(total: number, done = 0, settledBytes = 0, resumedBytes = 0): void {
    this.#parts = { done, total };
    this.#settledBytes = settledBytes;
    this.#resumedBytes = resumedBytes;
    this.#inFlight.clear();
    this.phase = "uploading";
    this.#pulse.now();
  }

  /** A part that was thought to have arrived has not. */
  retract(bytes: number): void {
    this.#parts.done -= 1;
    this.#settledBytes -= bytes;
    this.#resumedBytes -= bytes;
    this.#pulse.soon();
  }

  /** All of the content is at the server. */
  arrived(): void {
    this.#settledBytes = this.size;
    this.#parts.done = this.#parts.total;
    this.#inFlight.clear();
  }

  /** A part of so many bytes is about to be sent. */
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
        if (this.#inFlight.delete(attempt)) {
          this.#settledBytes += size;
          this.#parts.done += 1;
        }
        this.#pulse.soon();
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
