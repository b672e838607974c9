import { type Connection, internals } from "../connection.js";
import { aborted, SluiceError } from "../errors.js";
import type { Upload, UploadOptions, UploadProgress, UploadResult } from "../types.js";
import { unlessAborted } from "../waiting.js";
import { giveUp } from "./found.js";
import type { Job } from "./job.js";
import { UploadMeter } from "./meter.js";
import { send } from "./send.js";
import { linked } from "./signals.js";

/**
 * Uploads a file: only what the account lacks of it, and the rest of it if a part was sent before. The result comes once
 * the server has verified every byte. May be called for any number of files at once.
 */
export function upload(connection: Connection, file: File | Blob, options: UploadOptions = {}): Upload {
  return new RunningUpload(connection, file, options);
}

class RunningUpload implements Upload {
  readonly #job: Job;
  readonly #life = new AbortController();
  readonly #result: Promise<UploadResult>;
  /** Ends what is going on, for a pause. */
  #turn: AbortController | undefined;
  #paused: { promise: Promise<void>; end: () => void } | undefined;

  constructor(connection: Connection, file: File | Blob, options: UploadOptions) {
    const inside = internals(connection);
    const meter = new UploadMeter(file.size, options.onProgress);
    meter.uploadId = options.uploadId;
    this.#job = {
      inside,
      file,
      options,
      meter,
      life: this.#life.signal,
      path: options.path ?? nameOf(file),
      uploadId: options.uploadId,
      isFound: false,
      isAnew: false,
      sent: new Map(),
      begun: undefined,
      beginning: undefined,
      sha256: undefined,
      cut: undefined,
      delta: undefined,
    };
    this.#result = this.#run();
    // Who awaits it meets its failure; who only listens to the progress sees the phase.
    this.#result.catch(() => {});
    options.signal?.addEventListener("abort", () => void this.abort());
    if (options.signal?.aborted) void this.abort();
  }

  get progress(): UploadProgress {
    return this.#job.meter.progress;
  }

  then<Kept = UploadResult, Caught = never>(
    onFulfilled?: ((result: UploadResult) => Kept | PromiseLike<Kept>) | null,
    onRejected?: ((error: unknown) => Caught | PromiseLike<Caught>) | null,
  ): Promise<Kept | Caught> {
    return this.#result.then(onFulfilled, onRejected);
  }

  pause(): void {
    const { meter } = this.#job;
    if (this.#paused || this.#isOver || meter.phase === "verifying") return;
    let end = () => {};
    const promise = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#paused = { promise, end };
    this.#turn?.abort();
    meter.phase = "paused";
  }

  resume(): void {
    this.#paused?.end();
    this.#paused = undefined;
  }

  async abort(): Promise<void> {
    if (this.#isOver) return;
    this.#life.abort();
    await this.#result.catch(() => {});
  }

  get #isOver(): boolean {
    return ["available", "failed", "aborted"].includes(this.#job.meter.phase);
  }

  async #run(): Promise<UploadResult> {
    const { meter, inside } = this.#job;
    try {
      // The caller is to have the handle before anything happens.
      await Promise.resolve();
      meter.tell();
      const result = await this.#turns();
      meter.phase = "available";
      return result;
    } catch (error) {
      if (this.#life.signal.aborted) await giveUp(this.#job);
      meter.phase = this.#life.signal.aborted ? "aborted" : "failed";
      throw this.#life.signal.aborted ? aborted() : asOurs(error);
    } finally {
      const { uploadId } = meter;
      if (uploadId !== undefined) inside.uploads.delete(uploadId);
    }
  }

  /** One turn from each pause to the next. */
  async #turns(): Promise<UploadResult> {
    const life = this.#life.signal;
    for (;;) {
      if (this.#paused) {
        this.#job.meter.phase = "paused";
        await unlessAborted(this.#paused.promise, life);
      }
      const { controller, signal, unlink } = linked(life);
      this.#turn = controller;
      try {
        if (!this.#job.path) throw new SluiceError("invalid_request", "a blob has no name: `path` is needed");
        return await send(this.#job, signal);
      } catch (error) {
        if (life.aborted || !controller.signal.aborted) throw error;
      } finally {
        unlink();
      }
    }
  }
}

function nameOf(file: File | Blob): string {
  return "name" in file ? file.webkitRelativePath || file.name : "";
}

function asOurs(error: unknown): Error {
  return error instanceof Error ? error : new SluiceError("unexpected_answer", String(error));
}
