import type { Chunks, Draft, HashedChunks, PackRun } from "../delta/types.js";

/** The worker's jobs: the input and the output of each kind. */
export interface Jobs {
  /** Digests a blob; lower-case hex. Reports the bytes read so far. */
  digest: { input: { blob: Blob; algorithm: "sha256" | "md5" }; output: string };
  /** Digests a blob and cuts it into chunks. Reports the bytes read so far. */
  chunk: { input: { blob: Blob }; output: HashedChunks };
  /** Decodes and verifies bytes from a bucket. */
  verify: { input: { bytes: Uint8Array<ArrayBuffer>; units: Unit[] }; output: Verified };
  /** Adds bytes to the SHA-256 of a stream, and returns them. */
  updateStream: { input: { stream: number; bytes: Uint8Array<ArrayBuffer> }; output: StreamBlock };
  /** Ends a stream and returns the SHA-256 of all its bytes in lower-case hex. */
  finishStream: { input: { stream: number }; output: string };
  /** Drafts a delta upload; undefined if the file is better sent whole. */
  draft: { input: { chunks: Chunks; runs: PackRun[] }; output: Draft | undefined };
}

/**
 * Bytes of an object that are read at once: an uncompressed chunk, or a Zstandard frame of several chunks.
 */
export interface Unit {
  /** Its length in the object, in bytes. */
  storedLength: number;
  /** Its decoded length in bytes, if it is a frame. */
  decodedLength?: number;
  /** The wanted chunks, in order. `offset` is in the decoded unit, in bytes. */
  chunks: { id: string; length: number; offset: number }[];
}

/** The concatenated chunks of the units; undefined if they fail verification. */
export interface Verified {
  bytes: Uint8Array<ArrayBuffer> | undefined;
}

/** Bytes that were added to a stream. */
export interface StreamBlock {
  bytes: Uint8Array<ArrayBuffer>;
}

export type JobKind = keyof Jobs;
/** From the page to the worker. */
export type Request =
  | { [Kind in JobKind]: { id: number; kind: Kind; input: Jobs[Kind]["input"] } }[JobKind]
  | { id: number; kind: "cancel" };
/** From the worker to the page. */
export type Reply =
  | { id: number; progress: number }
  | { id: number; output: Jobs[JobKind]["output"] }
  | { id: number; error: { name: string; message: string } };
