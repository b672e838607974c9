import type { UploadPhase, UploadProgress } from "@sluice/browser";

/** What counts of an upload for the whole queue. */
export type Counted = Pick<UploadProgress, "phase" | "size" | "sentBytes" | "wireBytes">;

/** The whole queue in numbers. Bytes leave out what failed or was cancelled. */
export interface Totals {
  count: number;
  available: number;
  failed: number;
  aborted: number;
  paused: number;
  /** Neither finished nor paused. */
  active: number;
  size: number;
  sentBytes: number;
  /** Really sent, repeats and failures included. */
  wireBytes: number;
}

/** Whether nothing more happens by itself. */
export function isSettled(phase: UploadPhase): boolean {
  return phase === "available" || phase === "failed" || phase === "aborted";
}

/** Adds up. */
export function totalsOf(uploads: Iterable<Counted>): Totals {
  const totals: Totals = {
    count: 0,
    available: 0,
    failed: 0,
    aborted: 0,
    paused: 0,
    active: 0,
    size: 0,
    sentBytes: 0,
    wireBytes: 0,
  };
  for (const { phase, size, sentBytes, wireBytes } of uploads) {
    totals.count += 1;
    totals.wireBytes += wireBytes;
    totals[isCounted(phase) ? phase : "active"] += 1;
    if (phase === "failed" || phase === "aborted") continue;
    totals.size += size;
    totals.sentBytes += phase === "available" ? size : Math.min(sentBytes, size);
  }
  return totals;
}

function isCounted(phase: UploadPhase): phase is "available" | "failed" | "aborted" | "paused" {
  return isSettled(phase) || phase === "paused";
}

/** How much is done, from 0 to 1. Files without bytes count by their number. */
export function fractionOf({ size, sentBytes, available, count }: Totals): number {
  return size > 0 ? sentBytes / size : count > 0 ? available / count : 0;
}

const REMEMBERED_MILLISECONDS = 5000;

/** Bytes a second over the last five seconds. */
export class SpeedMeter {
  #samples: { at: number; bytes: number }[] = [];

  /** Takes how many bytes there have been by `at` (milliseconds); gives the speed, or undefined while there is none. */
  sample(at: number, bytes: number): number | undefined {
    this.#samples.push({ at, bytes });
    while ((this.#samples[1]?.at ?? at) < at - REMEMBERED_MILLISECONDS) this.#samples.shift();
    const first = this.#samples[0];
    if (first === undefined || at - first.at < 1000 || bytes <= first.bytes) return undefined;
    return ((bytes - first.bytes) * 1000) / (at - first.at);
  }

  /** Forgets all: what comes is another measurement. */
  reset(): void {
    this.#samples = [];
  }
}
