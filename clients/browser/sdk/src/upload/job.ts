import type { Begun, UploadRequest } from "../api/uploads.js";
import type { Internals } from "../connection.js";
import type { Delta } from "../delta/send.js";
import { SluiceError } from "../errors.js";
import type { Cut } from "../hash/messages.js";
import type { UploadOptions } from "../types.js";
import { unlessAborted } from "../waiting.js";
import type { UploadMeter } from "./meter.js";

/** One file on its way, with what is kept from one try to the next. */
export interface Job {
  readonly inside: Internals;
  readonly file: File | Blob;
  readonly options: UploadOptions;
  readonly meter: UploadMeter;
  /** Ends when the upload is given up for good; a pause does not end it. */
  readonly life: AbortSignal;
  /** Where the file shall lie. */
  path: string;
  /** The upload at the server, if it has begun. */
  uploadId: string | undefined;
  /** Whether that upload was not begun by this call. */
  isFound: boolean;
  /** Whether earlier uploads are not to be looked for, because one of them was of no use. */
  isAnew: boolean;
  /** The `ETag`s of the parts that this page has sent into it. */
  readonly sent: Map<number, string>;
  /** The request that began it, and its key: a repeat finds the same upload again. */
  begun: { request: string; key: string } | undefined;
  /** Its answer, which may be yet to come. */
  beginning: Promise<Begun> | undefined;
  /** The file's SHA-256, once somebody wants it. */
  sha256: Promise<string> | undefined;
  /** Its chunks, likewise. */
  cut: Promise<Cut> | undefined;
  /** What is sent of it as a delta, once that is known. */
  delta: Delta | undefined;
}

/** The SHA-256 of the file, which is read once for it, by a worker. */
export function sha256Of(job: Job, signal: AbortSignal): Promise<string> {
  job.sha256 ??= job.inside.workers.read(
    job,
    "digest",
    { blob: job.file, algorithm: "sha256" },
    { onProgress: (bytes) => job.meter.hashed(bytes), signal: job.life },
  );
  return finished(job, job.sha256, signal);
}

/** The chunks of the file and its SHA-256. */
export function cutOf(job: Job, signal: AbortSignal): Promise<Cut> {
  job.cut ??= job.inside.workers.read(
    job,
    "cut",
    { blob: job.file },
    { onProgress: (bytes) => job.meter.hashed(bytes), signal: job.life },
  );
  job.sha256 ??= job.cut.then((cut) => cut.sha256);
  // Whoever asks for it meets its failure.
  job.sha256.catch(() => {});
  return finished(job, job.cut, signal);
}

async function finished<T>(job: Job, read: Promise<T>, signal: AbortSignal): Promise<T> {
  const result = await unlessAborted(read, signal);
  job.meter.hashed(job.file.size);
  return result;
}

/** What every request to begin the upload says. */
export function requestOf(job: Job, sha256: string | undefined): UploadRequest {
  const { contentType = job.file.type, metadata } = job.options;
  return {
    path: job.path,
    size: job.file.size,
    ...(sha256 && { sha256 }),
    ...(contentType && { content_type: contentType }),
    ...(metadata && { metadata }),
  };
}

/** Forgets the upload, which has ended: the next try begins another. */
export function forgetUpload(job: Job): void {
  job.uploadId = undefined;
  job.begun = undefined;
  job.beginning = undefined;
  job.sent.clear();
}

/** Fails with `file_changed` if the file was written to, moved or deleted since it was picked. */
export async function checkUnchanged(job: Job): Promise<void> {
  const { file, options } = job;
  try {
    // The browser looks whether the file is as it was when it is read.
    await file.slice(0, 1).arrayBuffer();
    const now = await options.fileHandle?.getFile();
    if (now && "lastModified" in file && (now.lastModified !== file.lastModified || now.size !== file.size)) {
      throw new Error("it was written to");
    }
  } catch (cause) {
    throw new SluiceError("file_changed", "the file was changed, moved or deleted since it was picked", {
      cause,
    });
  }
}
