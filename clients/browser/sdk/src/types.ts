import type { components } from "./api/schema.js";

type Schemas = components["schemas"];

/** Why a version was rejected. */
export type RejectReason = Schemas["RejectReason"];

/** One state of a file. Sizes are bytes; times are RFC 3339. */
export interface Version {
  fileId: string;
  versionId: string;
  /** The file's current path. */
  path: string;
  state: Schemas["VersionState"];
  /** Why it was rejected. */
  reason?: RejectReason | null;
  /** The size of the file in bytes. */
  size: number;
  /**
   * Lower-case hex. While pending, as declared by the uploader, or null; computed by the server once
   * available.
   */
  sha256: string | null;
  /**
   * Lower-case hex. While pending, as declared by the uploader, or null; computed by the server once
   * available.
   */
  sha1: string | null;
  /** Media type, as in `Content-Type`. */
  contentType: string;
  /** The uploader's own key-value pairs. */
  metadata: Record<string, string>;
  createdAt: string;
  /** When its state last changed. */
  updatedAt: string;
  /** Bytes that the account did not have before. */
  newBytes: number;
  /** Bytes that the account already had. */
  sharedBytes: number;
  /** Bytes written to storage for this version, before any compression. */
  storedBytes: number;
}

/** The logged-in account. Sizes are bytes. */
export interface Account {
  accountId: string;
  username: string;
  /** The limit of used, reserved and row bytes together. */
  quotaBytes: number;
  /** How many it holds: each distinct blob once, at its full size. */
  usedBytes: number;
  /** Declared bytes of open and pending uploads. */
  reservedBytes: number;
  /** What rows take of the quota: 1 KiB for each version and each open or pending upload. */
  rowBytes: number;
  /** How many uploads are open or pending. */
  unfinishedUploads: number;
  /** What the blobs take in storage: each chunk once, compressed where that helps. */
  storedBytes: number;
}

/** The answer to a registration. */
export interface AccountCreated {
  accountId: string;
  username: string;
}

/** How to register. */
export interface RegisterOptions {
  /** What the operator gave out, where registration is by invitation. */
  invitation?: string | undefined;
}

/** A session of the account, without its token. Times are RFC 3339. */
export interface SessionInfo {
  sessionId: string;
  createdAt: string;
  expiresAt: string;
  /** Whether it is the session of this connection. */
  current: boolean;
  /** The program that logged in, as it named itself in `User-Agent`. */
  client?: string | null;
  /** The network address of the login, if the server knows it. */
  address?: string | null;
}

/** The session that a login started. */
export interface Session {
  /** When the session ends (RFC 3339). */
  expiresAt: string;
  /** Absent if the session is a cookie, which no script can read. */
  token?: string;
}

/** Where the API is and how to authenticate. */
export interface ConnectOptions {
  /** The API's address. Default: the page's own origin. */
  api?: string | undefined;
  /**
   * The session's token, or a function that returns it. Default: the session is a cookie (same origin only).
   */
  token?: string | (() => string | Promise<string>) | undefined;
  /**
   * Called when the session has ended, once for all calls that wait. They are repeated when its promise
   * resolves, and fail with its error when it rejects. Default: they fail with `unauthenticated`.
   */
  onUnauthenticated?: (() => Promise<void>) | undefined;
  /**
   * Most concurrent requests to the bucket, over all uploads and downloads of this connection. Default: 6.
   */
  parallel?: number | undefined;
}

/** The state of an upload. `waiting`: for a slot, or for another tab that sends to the same path. */
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

/** The progress of an upload. Counts are bytes of the file, unless they say otherwise. */
export interface UploadProgress {
  phase: UploadPhase;
  /** The file's size in bytes. */
  size: number;
  /** Bytes read and hashed. */
  hashedBytes: number;
  /** Bytes confirmed or in flight. Includes `resumedBytes`, and bytes that a delta upload need not send. */
  sentBytes: number;
  /** Bytes that the bucket already had when this upload resumed. */
  resumedBytes: number;
  /** Bytes that this page sent, repeats included. */
  wireBytes: number;
  /** Parts or packs: how many have arrived, of how many, and how many are being sent. */
  parts: { done: number; total: number; sending: number };
  /** A smoothed speed; absent while unknown. */
  bytesPerSecond?: number;
  /** From the smoothed speed; absent while unknown. */
  secondsLeft?: number;
  /** The id that the server gave the upload. */
  uploadId?: string;
}

/** How to upload a file. */
export interface UploadOptions {
  /** Destination. Default: the file's `webkitRelativePath`, or its name. */
  path?: string | undefined;
  /** Media type. Default: the file's own. */
  contentType?: string | undefined;
  /** Key-value pairs to keep with the file, 2048 bytes in all. Keys are stored as given. */
  metadata?: Record<string, string> | undefined;
  /** Upload only if this version is current. */
  ifMatch?: string | undefined;
  /** The size of a part in bytes. Default: the server chooses, or less on a slow line. */
  partSize?: number | undefined;
  /** Called at most about ten times a second, and at every phase change. */
  onProgress?: ((progress: UploadProgress) => void) | undefined;
  /** Aborts the upload, on the server too. */
  signal?: AbortSignal | undefined;
  /** The unfinished upload to resume. Default: one of the same path and size, if there is one. */
  uploadId?: string | undefined;
  /** The file's handle, kept so that the file need not be picked again after a reload (Chromium). */
  fileHandle?: FileSystemFileHandle | undefined;
}

/** The result of an upload. */
export interface UploadResult {
  /**
   * `uploaded`: sent whole. `delta`: only new chunks were sent. `instant`: the account already had the bytes.
   */
  outcome: "uploaded" | "delta" | "instant";
  version: Version;
  /** Bytes sent to the bucket, repeats included. */
  wireBytes: number;
}

/** An upload that `upload` has started. */
export interface Upload {
  /** Resolves once the server has verified every byte. */
  readonly result: Promise<UploadResult>;
  /** A snapshot of the progress. */
  readonly progress: UploadProgress;
  /**
   * Begins no more requests; those in flight finish, so that nothing is lost. Has no effect once all bytes
   * have arrived.
   */
  pause(): void;
  /** Continues sending after `pause`. */
  resume(): void;
  /**
   * Aborts the upload: the server discards its parts and releases its quota. `result` rejects with `aborted`.
   */
  abort(): Promise<void>;
}

/** An open upload that this page is not working on: from an earlier visit, another tab or another browser. */
export interface UnfinishedUpload {
  uploadId: string;
  /** `pending`: all bytes have arrived, and the server is verifying them. */
  state: "open" | "pending";
  path: string;
  /** The version that the upload would make. Ids of later versions sort after it. */
  versionId: string;
  /** Size of the file in bytes. */
  size: number;
  /** Bytes that the bucket has; absent if it was not asked. */
  receivedBytes?: number;
  expiresAt: Date;
  /** The file that was picked for it, if this browser started the upload. */
  pickedFile?: { name: string; size: number; lastModified: number };
  /**
   * Present if the browser kept the file's handle (Chromium). Asks the user for permission and returns the
   * file; undefined if permission was refused or the file is gone. Call it from a click.
   */
  file?: () => Promise<File | undefined>;
}

/** Which uploads to list. */
export interface UnfinishedOptions {
  /** Whether to list pending uploads too. Default: open ones only. */
  pending?: boolean | undefined;
}

/** One page of a list. */
export interface Page<T> {
  items: T[];
  /** With a delimiter: the common prefixes of deeper paths. */
  prefixes: string[];
  /** Pass it as `cursor` for the next page; absent on the last page. */
  nextCursor?: string;
}

/** Which page of a list to return. */
export interface PageOptions {
  /** 1 to 1000. Default: 100. */
  limit?: number | undefined;
  /** The `nextCursor` of the previous page. */
  cursor?: string | undefined;
}

/** Which files to list. */
export type FileQuery =
  | { prefix?: string | undefined; delimiter?: string | undefined }
  | { path: string }
  | { sha256: string }
  | { sha1: string };

/** Changes to a file. Absent fields stay as they are. */
export interface FileChange {
  path?: string | undefined;
  contentType?: string | undefined;
  /** Replaces all existing pairs. Keys are stored as given. */
  metadata?: Record<string, string> | undefined;
  /** Whether to replace a file at the new path. */
  overwrite?: boolean | undefined;
}

/** How to repeat a write. */
export interface WriteOptions {
  /**
   * The key of an earlier call that got no answer: if the server carried that out, it answers the same again.
   * Default: a new one for each call, which also repeats by itself.
   */
  idempotencyKey?: string | undefined;
}

/** A condition for changing a file. */
export interface ConditionOptions extends WriteOptions {
  /** Only if this version is current; otherwise the call fails with `precondition_failed`. */
  ifMatch?: string | undefined;
}

/** The progress of a download. */
export interface DownloadProgress {
  phase: "waiting" | "downloading" | "offline" | "done";
  /** The file's size in bytes; 0 until it is known. */
  size: number;
  /** Bytes verified and written. */
  verifiedBytes: number;
  /** Bytes received from the bucket, repeats included. */
  wireBytes: number;
  /** A smoothed speed; absent while unknown. */
  bytesPerSecond?: number;
  /** From the smoothed speed; absent while unknown. */
  secondsLeft?: number;
}

/** How to download a file. */
export interface DownloadOptions {
  /** Version id. Default: the current version. */
  version?: string | undefined;
  /** Receives the bytes in order, as they are verified. Closed at the end, or aborted on failure. */
  to?: WritableStream<Uint8Array> | undefined;
  /** Called at most about ten times a second, and at every phase change. */
  onProgress?: ((progress: DownloadProgress) => void) | undefined;
  signal?: AbortSignal | undefined;
}
