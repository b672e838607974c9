import { SluiceError, type UploadProgress, type UploadResult } from "@sluice/browser";
import type { Uppy } from "@uppy/core";
import type { Body, I18n, Meta, UppyFile } from "@uppy/core/utils";

/** Reports the upload of one file to Uppy. Ignores a file that has been removed. */
export class Report<M extends Meta, B extends Body> {
  readonly #uppy: Uppy<M, B>;
  readonly #id: string;
  readonly #i18n: I18n;
  readonly #start: () => void;
  #verifying = false;

  /** `start` is called, any number of times, once the file has been prepared. */
  constructor(uppy: Uppy<M, B>, id: string, i18n: I18n, start: () => void) {
    this.#uppy = uppy;
    this.#id = id;
    this.#i18n = i18n;
    this.#start = start;
  }

  progressed(progress: UploadProgress): void {
    const { phase } = progress;
    if (!this.#file || phase === "waiting") return;
    // The file is sent whole after the server has refused a delta upload.
    if (phase === "hashing" || phase === "uploading") this.#unverify();
    if (phase === "hashing") this.#hashing(progress);
    else this.#prepared();
    if (phase === "uploading") this.#sending(progress);
    if (phase === "verifying" && !this.#verifying) this.#verify(progress);
  }

  succeeded(result: UploadResult): void {
    if (!this.#file) return;
    this.#prepared();
    this.#uppy.emit("upload-success", this.#file, { status: 200, body: result as unknown as B });
  }

  /** `words` become the message of Uppy's error, for people; the error becomes its cause. */
  failed(error: unknown, words: string): void {
    if (!this.#file) return;
    this.#prepared();
    this.#unverify();
    // The Dashboard offers a retry only for files with some progress, even if it is 0 bytes.
    const { percentage, bytesTotal } = this.#file.progress;
    if (percentage === undefined) this.#sending({ sentBytes: 0, size: bytesTotal ?? 0 });
    const status = error instanceof SluiceError ? error.status : undefined;
    const failure = new Error(words, { cause: error });
    this.#uppy.emit("upload-error", this.#file, failure, status === undefined ? undefined : { status });
  }

  get #file(): UppyFile<M, B> | undefined {
    return this.#uppy.getFile(this.#id);
  }

  #hashing({ hashedBytes, size }: UploadProgress): void {
    const value = size > 0 ? hashedBytes / size : 1;
    const message = this.#i18n("hashing");
    this.#uppy.emit("preprocess-progress", this.#file, { mode: "determinate", message, value });
  }

  #prepared(): void {
    this.#start();
    if (this.#file?.progress.preprocess) this.#uppy.emit("preprocess-complete", this.#file);
  }

  #sending({ sentBytes, size }: Pick<UploadProgress, "sentBytes" | "size">): void {
    const uploadStarted = this.#file?.progress.uploadStarted ?? Date.now();
    this.#uppy.emit("upload-progress", this.#file, {
      uploadStarted,
      bytesUploaded: sentBytes,
      bytesTotal: size,
    });
  }

  /** Marks the upload as complete: then Uppy shows the verification, and does not let the file be paused. */
  #verify({ size }: UploadProgress): void {
    this.#verifying = true;
    this.#sending({ sentBytes: size, size });
    this.#complete(true);
    const message = this.#i18n("verifying");
    this.#uppy.emit("postprocess-progress", this.#file, { mode: "indeterminate", message });
  }

  #unverify(): void {
    if (!this.#verifying) return;
    this.#verifying = false;
    this.#complete(false);
  }

  #complete(uploadComplete: boolean): void {
    if (!this.#file) return;
    const { postprocess: _, ...progress } = this.#file.progress;
    const percentage = uploadComplete ? 100 : 0;
    this.#uppy.setFileState(this.#id, { progress: { ...progress, uploadComplete, percentage } });
  }
}
