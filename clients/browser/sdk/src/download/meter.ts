import { notify, Pulse } from "../pulse.js";
import { Speed } from "../speed.js";
import type { DownloadProgress } from "../types.js";
import { isOffline } from "../waiting.js";

/** Counts the bytes of one download and reports its progress. */
export class DownloadMeter {
  size = 0;
  #phase: "waiting" | "downloading" | "done" = "waiting";
  #verifiedBytes = 0;
  #wireBytes = 0;
  readonly #speed = new Speed();
  readonly #pulse: Pulse;

  constructor(onProgress: ((progress: DownloadProgress) => void) | undefined) {
    this.#pulse = new Pulse(() => notify(onProgress, this.progress));
  }

  get progress(): DownloadProgress {
    const { size } = this;
    const offline = isOffline() && this.#phase !== "done";
    const rate = this.#phase === "downloading" && !offline ? this.#speed.at(performance.now()) : undefined;
    return {
      phase: offline ? "offline" : this.#phase,
      size,
      verifiedBytes: this.#verifiedBytes,
      wireBytes: this.#wireBytes,
      ...(rate !== undefined && { bytesPerSecond: rate }),
      ...(rate && { secondsLeft: (size - this.#verifiedBytes) / rate }),
    };
  }

  /** Counts bytes received from the bucket. */
  received(bytes: number): void {
    this.#wireBytes += bytes;
    if (this.#phase === "waiting") {
      this.#phase = "downloading";
      this.#pulse.now();
    }
    this.#pulse.soon();
  }

  /** Counts bytes verified and written. */
  verified(bytes: number): void {
    this.#verifiedBytes += bytes;
    this.#speed.add(bytes, performance.now());
    this.#pulse.soon();
  }

  /** Reports for the last time. */
  end(isDone: boolean): void {
    if (isDone) this.#phase = "done";
    this.#pulse.end();
  }
}
