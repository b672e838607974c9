import { CALL_MAX, completeUpload, getUpload, getUploads, type UploadView } from "../api/uploads.js";
import type { Endpoint } from "../api/endpoint.js";
import { aborted, SluiceError } from "../errors.js";
import { Slots } from "../slots.js";
import type { Version } from "../types.js";

const FIRST_DELAY_MILLISECONDS = 200;
const LONGEST_DELAY_MILLISECONDS = 2000;
/** Least pause between two calls, however many uploads wait. */
const PAUSE_MILLISECONDS = 100;
/**
 * An upload that is still open this long after its bytes were sent is completed by a call: the bucket sent no
 * event.
 */
const COMPLETE_AFTER_MILLISECONDS = 3000;
/** How many calls about single uploads run at once. */
const CALLS = 4;

/** An upload with all bytes at the server. */
interface Waiting {
  readonly uploadId: string;
  readonly resolve: (version: Version) => void;
  readonly reject: (error: unknown) => void;
  due: number;
  delay: number;
  completeAt: number;
}

/** Polls until uploads are verified: one call for many of them, at growing intervals. */
export class VerificationPoller {
  readonly #waiting = new Set<Waiting>();
  readonly #calls = new Slots(CALLS);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isPolling = false;
  #lastPoll = Number.NEGATIVE_INFINITY;

  constructor(private readonly endpoint: () => Endpoint) {}

  /** Waits for the upload's version. Fails with `rejected` or `upload_ended` if there will be none. */
  wait(uploadId: string, signal: AbortSignal): Promise<Version> {
    return new Promise<Version>((resolve, reject) => {
      if (signal.aborted) return reject(aborted());
      const now = performance.now();
      const due = now + FIRST_DELAY_MILLISECONDS;
      const completeAt = now + COMPLETE_AFTER_MILLISECONDS;
      const waiting = { uploadId, resolve, reject, due, delay: FIRST_DELAY_MILLISECONDS, completeAt };
      this.#waiting.add(waiting);
      signal.addEventListener("abort", () => {
        this.#waiting.delete(waiting);
        reject(aborted());
      });
      this.#schedule();
    });
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#isPolling || this.#waiting.size === 0) return;
    let due = Number.POSITIVE_INFINITY;
    for (const waiting of this.#waiting) due = Math.min(due, waiting.due);
    const at = Math.max(due, this.#lastPoll + PAUSE_MILLISECONDS);
    this.#timer = setTimeout(() => void this.#poll(), at - performance.now());
  }

  /** Asks about the uploads that are due, the longest overdue first. */
  async #poll(): Promise<void> {
    this.#isPolling = true;
    // Include what would be due before the next call.
    const soon = performance.now() + PAUSE_MILLISECONDS;
    const due = [...this.#waiting].filter((waiting) => waiting.due <= soon);
    const polled = due.sort((one, other) => one.due - other.due).slice(0, CALL_MAX);
    try {
      const views = await this.#views(polled.map((waiting) => waiting.uploadId));
      for (const waiting of polled) this.#update(waiting, views.get(waiting.uploadId));
    } catch (error) {
      for (const waiting of polled) this.#end(waiting, () => waiting.reject(error));
    }
    this.#lastPoll = performance.now();
    this.#isPolling = false;
    this.#schedule();
  }

  async #views(ids: string[]): Promise<Map<string, UploadView>> {
    const [first] = ids;
    // The answer about a single upload includes its version.
    const views =
      first !== undefined && ids.length === 1
        ? [await getUpload(this.endpoint(), first)]
        : await getUploads(this.endpoint(), ids);
    return new Map(views.map((view) => [view.uploadId, view]));
  }

  #update(waiting: Waiting, view: UploadView | undefined): void {
    const now = performance.now();
    if (view?.state === "open" && waiting.completeAt <= now) {
      waiting.completeAt = now + COMPLETE_AFTER_MILLISECONDS;
      this.#complete(waiting);
    }
    if (view?.state === "open" || view?.state === "pending") {
      waiting.due = now + waiting.delay;
      waiting.delay = Math.min(waiting.delay * 1.5, LONGEST_DELAY_MILLISECONDS);
    } else {
      this.#end(waiting, () => void this.#finish(waiting, view));
    }
  }

  /** Tells the server that the bytes of a single PUT have arrived, in place of the bucket's event. */
  #complete(waiting: Waiting): void {
    this.#calls
      .run(this, undefined, () => completeUpload(this.endpoint(), waiting.uploadId, { parts: [] }))
      .catch((error) => this.#end(waiting, () => waiting.reject(error)));
  }

  async #finish(waiting: Waiting, view: UploadView | undefined): Promise<void> {
    try {
      waiting.resolve(await this.#versionOf(waiting.uploadId, view));
    } catch (error) {
      waiting.reject(error);
    }
  }

  async #versionOf(uploadId: string, view: UploadView | undefined): Promise<Version> {
    if (view?.state === "rejected") {
      const reason = view.reason ?? undefined;
      throw new SluiceError("rejected", `the server rejected the version: ${reason ?? "no reason given"}`, {
        reason,
      });
    }
    if (view?.state !== "available") throw new SluiceError("upload_ended", "the upload has ended");
    if (view.version) return view.version;
    const { version } = await this.#calls.run(this, undefined, () => getUpload(this.endpoint(), uploadId));
    if (!version) throw new SluiceError("unexpected_answer", "an available upload without a version");
    return version;
  }

  #end(waiting: Waiting, notify: () => void): void {
    if (this.#waiting.delete(waiting)) notify();
  }
}
