import type { UploadPhase, UploadProgress } from "@sluice/browser";

/** What the totals need of an upload. */
export type Counted = Pick<UploadProgress, "phase" | "size" | "hashedBytes" | "sentBytes" | "wireBytes">;

/** The stages of an upload, as shares of its bar. The rest is verification. */
const HASHING = 0.2;
const SENDING = 0.7;

/** The sums of all uploads. Sizes do not include failed and cancelled ones. */
export interface Totals {
  count: number;
  available: number;
  failed: number;
  aborted: number;
  paused: number;
  /** Neither finished nor paused. */
  active: number;
  /** Of the active ones, those that wait for the network. */
  offline: number;
  size: number;
  sentBytes: number;
  /** How far they are in all stages, as a number of bytes. */
  doneBytes: number;
  /** Bytes sent, repeats and failures included. */
  wireBytes: number;
}

/** Whether an upload is available, failed or aborted. */
export function isFinished(phase: UploadPhase): boolean {
  return phase === "available" || phase === "failed" || phase === "aborted";
}

export function totalsOf(uploads: Iterable<Counted>): Totals {
  const totals: Totals = {
    count: 0,
    available: 0,
    failed: 0,
    aborted: 0,
    paused: 0,
    active: 0,
    offline: 0,
    size: 0,
    sentBytes: 0,
    doneBytes: 0,
    wireBytes: 0,
  };
  for (const upload of uploads) {
    const { phase, size, sentBytes, wireBytes } = upload;
    totals.count += 1;
    totals.wireBytes += wireBytes;
    totals[isCounted(phase) ? phase : "active"] += 1;
    if (phase === "offline") totals.offline += 1;
    if (phase === "failed" || phase === "aborted") continue;
    totals.size += size;
    totals.sentBytes += phase === "available" ? size : Math.min(sentBytes, size);
    totals.doneBytes += stagesOf(upload) * size;
  }
  return totals;
}

function isCounted(phase: UploadPhase): phase is "available" | "failed" | "aborted" | "paused" {
  return isFinished(phase) || phase === "paused";
}

/** Returns how much of an upload is done, from 0 to 1: hashed, sent and verified. */
export function stagesOf({ phase, size, hashedBytes, sentBytes }: Counted): number {
  if (phase === "available") return 1;
  if (phase === "verifying") return HASHING + SENDING;
  const share = (bytes: number) => (size > 0 ? Math.min(bytes / size, 1) : 0);
  return HASHING * share(hashedBytes) + SENDING * share(sentBytes);
}

/** Returns how much of all uploads is done, from 0 to 1. If all files are empty, counts files. */
export function fractionOf({ size, doneBytes, available, count }: Totals): number {
  return size > 0 ? doneBytes / size : count > 0 ? available / count : 0;
}

const WINDOW_MILLISECONDS = 5000;

/** Measures bytes per second over the last five seconds. */
export class SpeedMeter {
  #samples: { at: number; bytes: number }[] = [];

  /** Adds the number of bytes at a time in milliseconds. Returns the speed, or undefined while unknown. */
  sample(at: number, bytes: number): number | undefined {
    this.#samples.push({ at, bytes });
    while ((this.#samples[1]?.at ?? at) < at - WINDOW_MILLISECONDS) this.#samples.shift();
    const first = this.#samples[0];
    if (first === undefined || at - first.at < 1000 || bytes <= first.bytes) return undefined;
    return ((bytes - first.bytes) * 1000) / (at - first.at);
  }
  reset(): void {
    this.#samples = [];
  }
}
