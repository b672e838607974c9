import type {
  Connection,
  Upload,
  UploadOptions,
  UploadProgress,
  UploadResult,
  Version,
} from "@sluice/browser";

/** An upload that goes as the test says: what the SDK would do needs a browser and a server. */
export class Driven implements Upload {
  readonly calls: string[] = [];
  readonly #result: Promise<UploadResult>;
  #resolve: (result: UploadResult) => void = () => {};
  #reject: (error: Error) => void = () => {};
  progress: UploadProgress;

  constructor(
    readonly file: Blob,
    readonly options: UploadOptions,
  ) {
    this.#result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const none = {
      hashedBytes: 0,
      sentBytes: 0,
      resumedBytes: 0,
      wireBytes: 0,
      parts: { done: 0, total: 0 },
    };
    this.progress = { phase: "waiting", size: file.size, ...none };
  }

  tell(change: Partial<UploadProgress>): void {
    this.progress = { ...this.progress, ...change };
    this.options.onProgress?.(this.progress);
  }

  finish(outcome: UploadResult["outcome"] = "uploaded"): void {
    const version = { path: this.options.path, state: "available", size: this.file.size } as Version;
    this.#resolve({ outcome, version, wireBytes: this.file.size });
  }

  fail(error: Error): void {
    this.#reject(error);
  }

  pause(): void {
    this.calls.push("pause");
    this.tell({ phase: "paused" });
  }

  resume(): void {
    this.calls.push("resume");
  }

  async abort(): Promise<void> {
    this.calls.push("abort");
    this.fail(new Error("it was aborted"));
  }

  then: Upload["then"] = (resolved, rejected) => this.#result.then(resolved, rejected);
}

/** Every upload that was begun since the last `length = 0`, in order. */
export const uploads: Driven[] = [];

export function upload(_connection: Connection, file: Blob, options: UploadOptions = {}): Upload {
  const driven = new Driven(file, options);
  uploads.push(driven);
  return driven;
}
