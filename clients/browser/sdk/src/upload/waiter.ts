import { CALL_MAX, completeUpload, getUpload, getUploads, type UploadView } from "../api/uploads.js";
import type { Connection } from "../connection.js";
import { aborted, SluiceError } from "../errors.js";
import { Slots } from "../slots.js";
import type { Version } from "../types.js";

const FIRST_DELAY_MILLISECONDS = 200;
const LONGEST_DELAY_MILLISECONDS = 2000;
/** Between two questions, however many uploads wait. */
const LEAST_PAUSE_MILLISECONDS = 100;
/** An upload that is still open so long after its bytes were sent is completed by us: the bucket has not told of them. */
const COMPLETE_AFTER_MILLISECONDS = 3000;
/** How many versions are asked for at once. */
const ANSWERS = 4;

/** An upload whose bytes have all arrived. */
interface Waiting {
  readonly uploadId: string;
  readonly resolve: (version: Version) => void;
  readonly reject: (error: unknown) => void;
  due: number;
  delay: number;
  completeAt: number;
}

/** Waits until uploads are verified: one question for many of them, less and less often. */
export class Waiter {
  readonly #waiting = new Set<Waiting>();
  readonly #answers = new Slots(ANSWERS);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isAsking = false;
  #lastAsked = Number.NEGATIVE_INFINITY;

  constructor(private readonly connection: () => Connection) {}

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
    if (this.#isAsking || this.#waiting.size === 0) return;
    let due = Number.POSITIVE_INFINITY;
    for (const waiting of this.#waiting) due = Math.min(due, waiting.due);
    const at = Math.max(due, this.#lastAsked + LEAST_PAUSE_MILLISECONDS);
    this.#timer = setTimeout(() => void this.#ask(), at - performance.now());
  }

  /** Asks about those that are due, the longest overdue first. */
  async #ask(): Promise<void> {
    this.#isAsking = true;
    // What is due in the meantime goes along.
    const soon = performance.now() + LEAST_PAUSE_MILLISECONDS;
    const due = [...this.#waiting].filter((waiting) => waiting.due <= soon);
    const asked = due.sort((one, other) => one.due - other.due).slice(0, CALL_MAX);
    try {
      const views = await this.#views(asked.map((waiting) => waiting.uploadId));
      for (const waiting of asked) this.#answer(waiting, views.get(waiting.uploadId));
    } catch (error) {
      for (const waiting of asked) this.#end(waiting, () => waiting.reject(error));
    }
    this.#lastAsked = performance.now();
    this.#isAsking = false;
    this.#schedule();
  }

  async #views(ids: string[]): Promise<Map<string, UploadView>> {
    const [first] = ids;
    // The answer about one upload has its version, too.
    const views =
      first !== undefined && ids.length === 1
        ? [await getUpload(this.connection(), first)]
        : await getUploads(this.connection(), ids);
    return new Map(views.map((view) => [view.upload_id, view]));
  }

  #answer(waiting: Waiting, view: UploadView | undefined): void {
    const now = performance.now();
    if (view?.state === "open" && waiting.completeAt <= now) {
      waiting.completeAt = now + COMPLETE_AFTER_MILLISECONDS;
      this.#complete(waiting);
    }
    if (view?.state === "open" || view?.state === "pending") {
      waiting.due = now + waiting.delay;
      waiting.delay = Math.min(waiting.delay * 1.5, LONGEST_DELAY_MILLISECONDS);
    } else {
      this.#end(waiting, () => void this.#settle(waiting, view));
    }
  }

  /** Says for the bucket that the bytes of a single PUT have arrived. */
  #complete(waiting: Waiting): void {
    this.#answers
      .run(this, undefined, () => completeUpload(this.connection(), waiting.uploadId, { parts: [] }))
      .catch((error) => this.#end(waiting, () => waiting.reject(error)));
  }

  async #settle(waiting: Waiting, view: UploadView | undefined): Promise<void> {
    try {
      waiting.resolve(await this.#verdict(waiting.uploadId, view));
    } catch (error) {
      waiting.reject(error);
    }
  }

  async #verdict(uploadId: string, view: UploadView | undefined): Promise<Version> {
    if (view?.state === "rejected") {
      const reason = view.reason ?? undefined;
      throw new SluiceError("rejected", `the server rejected the version: ${reason ?? "no reason given"}`, {
        reason,
      });
    }
    if (view?.state !== "available") throw new SluiceError("upload_ended", "the upload has ended");
    if (view.version) return view.version;
    const { version } = await this.#answers.run(this, undefined, () =>
      getUpload(this.connection(), uploadId),
    );
    if (!version) throw new SluiceError("unexpected_answer", "an available upload without a version");
    return version;
  }

  #end(waiting: Waiting, settle: () => void): void {
    if (this.#waiting.delete(waiting)) settle();
  }
}
