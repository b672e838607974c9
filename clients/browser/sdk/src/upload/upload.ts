import { idempotencyKey } from "../api/call.js";
import { type Connection, internalsOf } from "../connection.js";
import { aborted, SluiceError } from "../errors.js";
import { linked } from "../signals.js";
import type { Upload, UploadOptions, UploadProgress, UploadResult } from "../types.js";
import { unlessAborted } from "../waiting.js";
import { InFlight } from "./in-flight.js";
import type { Job } from "./job.js";
import { UploadMeter } from "./meter.js";
import { abandonUpload } from "./resumable.js";
import { send } from "./send.js";

/**
 * Uploads a file. Sends only what the account does not have, and resumes an unfinished upload of the same
 * file. Returns at once; any number of files may be uploaded at the same time.
 */
export function upload(connection: Connection, file: File | Blob, options: UploadOptions = {}): Upload {
  return new RunningUpload(connection, file, options);
}

class RunningUpload implements Upload {
  readonly result: Promise<UploadResult>;
  readonly #job: Job;
  readonly #controller = new AbortController();
  /** Ends the current attempt, for a pause. */
  #attempt: AbortController | undefined;
  #paused: { promise: Promise<void>; end: () => void } | undefined;

  constructor(connection: Connection, file: File | Blob, options: UploadOptions) {
    const meter = new UploadMeter(file.size, options.onProgress);
    meter.uploadId = options.uploadId;
    this.#job = {
      internals: internalsOf(connection),
      file,
      options,
      meter,
      abortSignal: this.#controller.signal,
      path: options.path ?? nameOf(file),
      uploadId: options.uploadId,
      isResumed: false,
      skipsResume: false,
      etags: new Map(),
      inFlight: new InFlight(),
      partSize: options.partSize === undefined ? undefined : { bytes: options.partSize },
      creation: undefined,
      created: undefined,
      lookupKey: idempotencyKey(),
      sha256: undefined,
      chunks: undefined,
      delta: undefined,
    };
    this.result = this.#run();
    // A caller that only listens to the progress need not handle the rejection.
    this.result.catch(() => {});
    options.signal?.addEventListener("abort", () => void this.abort());
    if (options.signal?.aborted) void this.abort();
  }

  get progress(): UploadProgress {
    return this.#job.meter.progress;
  }

  pause(): void {
    const { meter } = this.#job;
    if (this.#paused || this.#isOver || meter.phase === "verifying") return;
    let end = () => {};
    const promise = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#paused = { promise, end };
    this.#attempt?.abort();
    meter.phase = "paused";
  }

  resume(): void {
    this.#paused?.end();
    this.#paused = undefined;
  }

  async abort(): Promise<void> {
    if (this.#isOver) return;
    this.#controller.abort();
    await this.result.catch(() => {});
  }

  get #isOver(): boolean {
    return ["available", "failed", "aborted"].includes(this.#job.meter.phase);
  }

  async #run(): Promise<UploadResult> {
    const { meter, internals } = this.#job;
    const { signal } = this.#controller;
    try {
      // Let the caller have the object before its listener is called.
      await Promise.resolve();
      meter.report();
      const result = await this.#sendBetweenPauses(signal);
      meter.phase = "available";
      return result;
    } catch (error) {
      if (signal.aborted) {
        this.#job.inFlight.cancel();
        await abandonUpload(this.#job);
      }
      meter.phase = signal.aborted ? "aborted" : "failed";
      throw signal.aborted ? aborted() : asError(error);
    } finally {
      const { uploadId } = meter;
      if (uploadId !== undefined) internals.uploads.delete(uploadId);
    }
  }

  /** Sends the file. A pause ends the attempt, but not its PUTs; `resume` starts another one. */
  async #sendBetweenPauses(outer: AbortSignal): Promise<UploadResult> {
    for (;;) {
      if (this.#paused) {
        this.#job.meter.phase = "paused";
        await unlessAborted(this.#paused.promise, outer);
      }
      const { controller, signal, unlink } = linked(outer);
      this.#attempt = controller;
      try {
        if (!this.#job.path) throw new SluiceError("invalid_request", "a blob has no name: `path` is needed");
        return await send(this.#job, signal);
      } catch (error) {
        if (outer.aborted || !controller.signal.aborted) throw error;
      } finally {
        unlink();
      }
    }
  }
}

function nameOf(file: File | Blob): string {
  return "name" in file ? file.webkitRelativePath || file.name : "";
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new SluiceError("unexpected_answer", String(error));
}
