import type { components } from "./api/schema.js";

type Schemas = components["schemas"];

/** One state of a file, as the API shows it. Sizes are bytes, times RFC 3339. */
export type Version = Schemas["VersionView"];
/** Who is logged in, and how much room there is, in bytes. */
export type Account = Schemas["AccountView"];
/** The answer to a registration. */
export type AccountCreated = Schemas["AccountCreated"];
/** Why a version was rejected. */
export type RejectReason = Schemas["RejectReason"];

/** A login. The token is absent where the session is a cookie, which no script can read. */
export interface Session {
  /** When it ends (RFC 3339). */
  expires_at: string;
  token?: string;
}

/** How to come by the API. */
export interface ConnectOptions {
  /** The API's address, without a trailing slash. The page's own origin if absent. */
  api?: string | undefined;
  /** A session's token, or how to come by one. Absent: the session is the browser's cookie (same origin only). */
  token?: string | (() => string | Promise<string>) | undefined;
  /**
   * Called once, however many calls wait, when the server says that the session has ended. When its promise resolves,
   * the calls are repeated; when it rejects, they fail with it. Absent: they fail with `unauthenticated`.
   */
  onUnauthenticated?: (() => Promise<void>) | undefined;
  /** Most requests to the bucket at once, of all uploads and downloads of this connection together; 6 if absent. */
  parallel?: number | undefined;
}

/** Where an upload stands: `waiting` for its turn, or for another tab that sends to the same path. */
export type UploadPhase =
  | "waiting"
  | "hashing"
  | "uploading"
  | "paused"
  | "offline"
  | "verifying"
  | "available"
  | "failed"
  | "aborted";

/** How far an upload is. */
export interface UploadProgress {
  phase: UploadPhase;
  /** The file's size in bytes. */
  size: number;
  /** Read and hashed here. */
  hashedBytes: number;
  /** Of the content, confirmed or on their way; includes `resumedBytes`, and what a delta need not send. */
  sentBytes: number;
  /** Were at the bucket when this upload went on. */
  resumedBytes: number;
  /** Really sent by this page, repeats included. */
  wireBytes: number;
  /** Parts or packs that have arrived, and of how many. */
  parts: { done: number; total: number };
  /** Smoothed; absent while unknown. */
  bytesPerSecond?: number;
  /** Smoothed; absent while unknown. */
  secondsLeft?: number;
  /** The upload's id at the server, once it has one. */
  uploadId?: string;
}

/** How to upload a file. */
export interface UploadOptions {
  /** Where the file shall lie. The file's name (or `webkitRelativePath`) if absent. */
  path?: string | undefined;
  /** Media type; the file's own if absent. */
  contentType?: string | undefined;
  /** Key-value pairs to keep with the file: at most 2048 bytes in all. */
  metadata?: Record<string, string> | undefined;
  /** Only if this version is the current one. */
  ifMatch?: string | undefined;
  /** The size of a part in bytes; the server's choice if absent. */
  partSize?: number | undefined;
  /** Called at most about ten times a second, and at every change of phase. */
  onProgress?: ((progress: UploadProgress) => void) | undefined;
  /** Aborts for good: the upload is given up at the server too. */
  signal?: AbortSignal | undefined;
  /** Resume this one. Else an unfinished upload of the same path and size is found and resumed. */
  uploadId?: string | undefined;
  /** The handle that the file came with, to be kept so that the file need not be picked again (Chromium). */
  fileHandle?: FileSystemFileHandle | undefined;
}

/** What became of a file. */
export interface UploadResult {
  /** `uploaded`: sent whole. `delta`: only what was new. `instant`: the account had the content already. */
  outcome: "uploaded" | "delta" | "instant";
  version: Version;
  /** Bytes sent to the bucket, repeats included. */
  wireBytes: number;
}

/** An upload under way: await it for the result. */
export interface Upload extends PromiseLike<UploadResult> {
  readonly progress: UploadProgress;
  /** Stops sending; what is on its way is cut off. Nothing happens once all bytes have arrived. */
  pause(): void;
  /** Goes on where `pause` stopped. */
  resume(): void;
  /** Gives the upload up: parts are freed and the quota is released. It fails with `aborted`. */
  abort(): Promise<void>;
}

/** An open upload at the server: begun here earlier, in another tab or in another browser. */
export interface Unfinished {
  uploadId: string;
  path: string;
  /** Bytes. */
  size: number;
  /** Bytes that the bucket has; absent where it was not asked. */
  receivedBytes?: number;
  expiresAt: Date;
  /** Begun in this browser, with what is known of the picked file. */
  here?: { name: string; size: number; lastModified: number };
  /**
   * If the browser kept the file's handle (Chromium): asks the user for leave, then gives the file without picking it
   * again; nothing if leave was refused or the file is gone. To be called from a click.
   */
  file?: () => Promise<File | undefined>;
}

/** One page of a list. */
export interface Page<T> {
  items: T[];
  /** With a delimiter: what the deeper paths begin with. */
  prefixes: string[];
  /** Give it to the next call; absent on the last page. */
  nextCursor?: string;
}

/** Which page of a list. */
export interface PageOptions {
  /** 1 to 1000; 100 if absent. */
  limit?: number | undefined;
  /** The `nextCursor` of the page before. */
  cursor?: string | undefined;
}

/** What to list. */
export type FileQuery =
  | { prefix?: string | undefined; delimiter?: string | undefined }
  | { path: string }
  | { sha256: string }
  | { sha1: string };

/** What to change about a file; what is left out stays. */
export interface FileChange {
  path?: string | undefined;
  contentType?: string | undefined;
  /** Replaces all earlier pairs. */
  metadata?: Record<string, string> | undefined;
  /** Whether a file at the new path gives way. */
  overwrite?: boolean | undefined;
}

/** On what condition a file is changed. */
export interface ConditionOptions {
  /** Only if this version is the current one; else the call fails with `precondition_failed`. */
  ifMatch?: string | undefined;
}

/** How far a download is. */
export interface DownloadProgress {
  phase: "waiting" | "downloading" | "offline" | "done";
  /** The file's size in bytes; 0 until it is known. */
  size: number;
  /** Checked, and handed over. */
  verifiedBytes: number;
  /** Received from the bucket, repeats included. */
  wireBytes: number;
  /** Smoothed; absent while unknown. */
  bytesPerSecond?: number;
  /** Smoothed; absent while unknown. */
  secondsLeft?: number;
}

/** How to download a file. */
export interface DownloadOptions {
  /** Which version; the current one if absent. */
  version?: string | undefined;
  /** Takes the bytes in order, as they are verified. It is closed at the end, or aborted on failure. */
  to?: WritableStream<Uint8Array> | undefined;
  /** Called at most about ten times a second, and at every change of phase. */
  onProgress?: ((progress: DownloadProgress) => void) | undefined;
  signal?: AbortSignal | undefined;
}
