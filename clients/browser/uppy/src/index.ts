import {
  type Connection,
  connect,
  type SluiceError,
  type Upload,
  type UploadProgress,
  upload,
} from "@sluice/browser";
import { BasePlugin, type Uppy } from "@uppy/core";
import {
  type Body,
  filterFilesToEmitUploadStarted,
  filterFilesToUpload,
  type Meta,
  type UppyFile,
} from "@uppy/core/utils";
import { metadataOf, pathOf } from "./describe.js";
import { locale, wordsFor } from "./locale.js";
import type { SluiceOptions } from "./options.js";
import { Report } from "./report.js";

export type { SluiceBody, SluiceOptions } from "./options.js";

declare module "@uppy/core" {
  interface PluginTypeRegistry<M extends Meta, B extends Body> {
    Sluice: Sluice<M, B>;
  }
}

/**
 * An Uppy uploader that sends files to Sluice.
 *
 * A file counts as uploaded once the server has verified every byte. The response body of `upload-success` is
 * the SDK's `UploadResult`. An upload that was interrupted, by an error or by leaving the page, resumes when
 * the same file is uploaded to the same path again.
 */
export default class Sluice<M extends Meta, B extends Body> extends BasePlugin<SluiceOptions<M, B>, M, B> {
  /** The connection of the uploads, for other calls of `@sluice/browser`. */
  readonly connection: Connection;
  readonly #uploads = new Map<string, Upload>();

  constructor(uppy: Uppy<M, B>, options: SluiceOptions<M, B> = {}) {
    super(uppy, options);
    this.id = options.id ?? "Sluice";
    this.type = "uploader";
    this.defaultLocale = locale;
    this.i18nInit();
    this.connection = "connection" in options ? options.connection : connect(options);
  }

  override install(): void {
    this.#setCapabilities({ resumableUploads: true, individualCancellation: true });
    this.uppy.addUploader(this.#uploadAll);
    this.uppy.on("upload-pause", this.#pauseOrResume);
    this.uppy.on("pause-all", this.#pauseOrResume);
    this.uppy.on("resume-all", this.#pauseOrResume);
    this.uppy.on("file-removed", this.#abort);
    this.uppy.on("restored", this.#resetUnverified);
  }

  override uninstall(): void {
    this.#setCapabilities({ resumableUploads: false });
    this.uppy.removeUploader(this.#uploadAll);
    this.uppy.off("upload-pause", this.#pauseOrResume);
    this.uppy.off("pause-all", this.#pauseOrResume);
    this.uppy.off("resume-all", this.#pauseOrResume);
    this.uppy.off("file-removed", this.#abort);
    this.uppy.off("restored", this.#resetUnverified);
    for (const id of this.#uploads.keys()) this.#abort({ id });
  }

  #setCapabilities(change: { resumableUploads: boolean; individualCancellation?: boolean }): void {
    this.uppy.setState({ capabilities: { ...this.uppy.getState().capabilities, ...change } });
  }

  #uploadAll = async (ids: string[]): Promise<void> => {
    const files = filterFilesToUpload(this.uppy.getFilesByIds(ids));
    if (files.length === 0) return;
    this.#prepare(files);
    let started = false;
    // Uppy does not show the preparation of files that have started. So all files start when the first one
    // has been prepared, which also makes the totals right from then on.
    const start = () => {
      if (started) return;
      started = true;
      this.#start(files.flatMap(({ id }) => this.uppy.getFile(id) ?? []));
    };
    await Promise.all(files.map((file) => this.#uploadOne(file, start)));
  };

  /** Marks all files in one state change, because each change takes time for every file that Uppy has. */
  #prepare(files: UppyFile<M, B>[]): void {
    const preprocess = { mode: "indeterminate", message: this.i18n("preparing") } as const;
    const changed = files.map(({ id, progress }) => [id, { progress: { ...progress, preprocess } }]);
    this.uppy.patchFilesState(Object.fromEntries(changed));
  }

  #start(files: UppyFile<M, B>[]): void {
    for (const file of files) {
      if (file.progress.preprocess?.mode === "determinate") this.uppy.emit("preprocess-complete", file);
    }
    this.uppy.emit("upload-start", filterFilesToEmitUploadStarted(files));
  }

  async #uploadOne(file: UppyFile<M, B>, start: () => void): Promise<void> {
    const report = new Report(this.uppy, file.id, this.i18n, start);
    let current: Upload | undefined;
    // A removed file may have been added again under the same id.
    const isCurrent = () => this.#uploads.get(file.id) === current;
    try {
      current = this.#begin(file, (progress) => {
        if (isCurrent()) report.progressed(progress);
      });
      const result = await current.result;
      if (isCurrent()) report.succeeded(result);
    } catch (error) {
      if (isCurrent()) report.failed(error, wordsFor(error, this.i18n));
    } finally {
      if (isCurrent()) this.#uploads.delete(file.id);
    }
  }

  #begin(file: UppyFile<M, B>, onProgress: (progress: UploadProgress) => void): Upload {
    if (file.isRemote) throw new Error(this.i18n("remote"));
    if (!file.data) throw new Error(this.i18n("missing"));
    const started = upload(this.connection, file.data, {
      path: this.opts.path?.(file) ?? pathOf(file),
      ...(file.type && { contentType: file.type }),
      metadata: metadataOf(file, this.opts.allowedMetaFields ?? []),
      onProgress,
    });
    this.#uploads.set(file.id, started);
    this.#pauseOrResume();
    return started;
  }

  /** Pauses and resumes uploads as Uppy's state says. Its three events arrive after the state has changed. */
  #pauseOrResume = (): void => {
    for (const [id, running] of this.#uploads) {
      const paused = this.uppy.getFile(id)?.isPaused ?? false;
      if (paused) running.pause();
      else running.resume();
    }
  };

  #abort = ({ id }: { id: string }): void => {
    const running = this.#uploads.get(id);
    this.#uploads.delete(id);
    running?.abort().catch((error: SluiceError) => this.uppy.log(error, "warning"));
  };

  /**
   * Asks for files again that were being verified when the page was left. Golden Retriever no longer has
   * their bytes. If the server has them, nothing is sent.
   */
  #resetUnverified = (): void => {
    for (const { id, data, isRemote, response, progress } of this.uppy.getFiles()) {
      if (isRemote || response || !progress.uploadComplete) continue;
      const { bytesTotal } = progress;
      this.uppy.setFileState(id, {
        isGhost: !data,
        progress: {
          uploadStarted: null,
          uploadComplete: false,
          bytesUploaded: false,
          percentage: 0,
          bytesTotal,
        },
      });
    }
  };
}
