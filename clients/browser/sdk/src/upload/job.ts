import { type CreatedUpload, lookUp, type UploadRequest } from "../api/uploads.js";
import type { Internals } from "../connection.js";
import type { Delta, HashedChunks } from "../delta/types.js";
import { SluiceError } from "../errors.js";
import type { UploadOptions, Version } from "../types.js";
import { unlessAborted } from "../waiting.js";
import type { InFlight } from "./in-flight.js";
import type { UploadMeter } from "./meter.js";

/** The upload of one file: its input, and the state that survives a pause. */
export interface Job {
  readonly internals: Internals;
  readonly file: File | Blob;
  readonly options: UploadOptions;
  readonly meter: UploadMeter;
  /** Aborts with the upload, but not on a pause. */
  readonly abortSignal: AbortSignal;
  /** Where to upload the file. */
  path: string;
  /** The upload at the server, once there is one. */
  uploadId: string | undefined;
  /** Whether another call, page or client created that upload. */
  isResumed: boolean;
  /**
   * Whether to create a new upload without looking for one to resume: an earlier one turned out to be
   * unusable.
   */
  skipsResume: boolean;
  /** The `ETag`s of the parts that this page has sent to that upload, by part number. */
  readonly etags: Map<number, string>;
  /** The parts that this page is sending to that upload. */
  readonly inFlight: InFlight;
  /** The size of the parts to ask for, once chosen: another size would create another upload. */
  partSize: { bytes: number | undefined } | undefined;
  /** The request that created it, and its key: a repeat returns the same upload. */
  creation: { request: string; key: string } | undefined;
  /** The answer to that request, which may still be pending. */
  created: Promise<CreatedUpload> | undefined;
  /** The key of the lookup of the file's hash. A pause may lose the answer. */
  readonly lookupKey: string;
  /** The file's SHA-256, once asked for. */
  sha256: Promise<string> | undefined;
  /** The file's chunks, once asked for. */
  chunks: Promise<HashedChunks> | undefined;
  /** The delta upload, once it is prepared. */
  delta: Delta | undefined;
}

/** Returns the SHA-256 of the file. A worker reads the file once for it. */
export function sha256Of(job: Job, signal: AbortSignal): Promise<string> {
  job.sha256 ??= job.internals.workers.read(
    job,
    "digest",
    { blob: job.file, algorithm: "sha256" },
    { onProgress: (bytes) => job.meter.hashed(bytes), signal: job.abortSignal },
  );
  return hashed(job, job.sha256, signal);
}

/** Returns the chunks of the file and its SHA-256. */
export function chunksOf(job: Job, signal: AbortSignal): Promise<HashedChunks> {
  job.chunks ??= job.internals.workers.read(
    job,
    "chunk",
    { blob: job.file },
    { onProgress: (bytes) => job.meter.hashed(bytes), signal: job.abortSignal },
  );
  job.sha256 ??= job.chunks.then(({ sha256 }) => sha256);
  // Handled by whoever asks for it.
  job.sha256.catch(() => {});
  return hashed(job, job.chunks, signal);
}

async function hashed<T>(job: Job, reading: Promise<T>, signal: AbortSignal): Promise<T> {
  const result = await unlessAborted(reading, signal);
  job.meter.hashed(job.file.size);
  return result;
}

/** Returns the fields that every request to create the upload has. */
export function requestOf(job: Job, sha256: string | undefined): UploadRequest {
  const { contentType = job.file.type, metadata } = job.options;
  return {
    path: job.path,
    size: job.file.size,
    ...(sha256 && { sha256 }),
    ...(contentType && { contentType }),
    ...(metadata && { metadata }),
  };
}

/** Makes a version of the file's bytes if the account has them; otherwise returns undefined. */
export function lookUpFile(job: Job, sha256: string, signal: AbortSignal): Promise<Version | undefined> {
  const { internals, options, lookupKey } = job;
  return lookUp(internals, { ...requestOf(job, sha256), sha256 }, lookupKey, options.ifMatch, signal);
}

/** Forgets the upload at the server, so that the next attempt creates another one. */
export function resetUpload(job: Job): void {
  job.uploadId = undefined;
  job.creation = undefined;
  job.created = undefined;
  forgetParts(job);
}

/** Forgets which parts have been sent, and stops sending. */
export function forgetParts(job: Job): void {
  job.inFlight.cancel();
  job.etags.clear();
}

/** Fails with `file_changed` if the file was modified, moved or deleted after it was picked. */
export async function checkUnchanged(job: Job): Promise<void> {
  const { file, options } = job;
  try {
    // Browsers fail to read a file that has changed.
    await file.slice(0, 1).arrayBuffer();
    const now = await options.fileHandle?.getFile();
    if (now && "lastModified" in file && (now.lastModified !== file.lastModified || now.size !== file.size)) {
      throw new Error("it was modified");
    }
  } catch (cause) {
    throw new SluiceError("file_changed", "the file was modified, moved or deleted after it was picked", {
      cause,
    });
  }
}
