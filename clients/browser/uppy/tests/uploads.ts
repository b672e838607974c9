import type {
  Connection,
  Upload,
  UploadOptions,
  UploadProgress,
  UploadResult,
  Version,
} from "@sluice/browser";

/** An upload that the test controls, because real ones need a browser and a server. */
export class ControlledUpload implements Upload {
  readonly calls: string[] = [];
  readonly result: Promise<UploadResult>;
  #resolve: (result: UploadResult) => void = () => {};
  #reject: (error: Error) => void = () => {};
  progress: UploadProgress;

  constructor(
    readonly file: Blob,
    readonly options: UploadOptions,
  ) {
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const nothing = {
      hashedBytes: 0,
      sentBytes: 0,
      resumedBytes: 0,
      wireBytes: 0,
      parts: { done: 0, total: 0, sending: 0 },
    };
    this.progress = { phase: "waiting", size: file.size, ...nothing };
  }

  report(change: Partial<UploadProgress>): void {
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
    this.report({ phase: "paused" });
  }

  resume(): void {
    this.calls.push("resume");
  }

  async abort(): Promise<void> {
    this.calls.push("abort");
    this.fail(new Error("it was aborted"));
  }
}

/** All uploads started since the last `length = 0`, in order. */
export const uploads: ControlledUpload[] = [];

export function upload(_connection: Connection, file: Blob, options: UploadOptions = {}): Upload {
  const started = new ControlledUpload(file, options);
  uploads.push(started);
  return started;
}
