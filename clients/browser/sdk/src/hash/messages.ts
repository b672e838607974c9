import type { Draft, KnownRun } from "../delta/draft.js";

/** What a worker can be asked, by kind: the input and the output of each. */
export interface Jobs {
  /** The digest of a blob, in lower-case hex. Reports the bytes read so far. */
  digest: { input: { blob: Blob; algorithm: "sha256" | "md5" }; output: string };
  /** The digest of a blob and its chunks. Reports the bytes read so far. */
  cut: { input: { blob: Blob }; output: Cut };
  /** Bytes that were read from a bucket, decoded and checked; nothing if they are not what they should be. */
  check: { input: { bytes: Uint8Array<ArrayBuffer>; units: Unit[] }; output: Checked };
  /** Adds bytes to the SHA-256 of a stream, and gives them back. */
  fold: { input: { stream: number; bytes: Uint8Array<ArrayBuffer> }; output: Folded };
  /** Ends a stream and gives the SHA-256 of all its bytes, in lower-case hex. */
  unfold: { input: { stream: number }; output: string };
  /** How a content is sent as a delta; nothing if it is better sent whole. */
  draft: { input: { cut: Pick<Cut, "ids" | "lengths">; known: KnownRun[] }; output: Draft | undefined };
}

/** A content's SHA-256 and chunks. */
export interface Cut {
  /** Lower-case hex. */
  sha256: string;
  /** The BLAKE3 of each chunk, 32 bytes each, end to end. */
  ids: Uint8Array<ArrayBuffer>;
  /** The length of each chunk in bytes. */
  lengths: Uint32Array<ArrayBuffer>;
}

/** Bytes of an object that are read together: a chunk as it is, or a Zstandard frame of several. */
export interface Unit {
  /** How many bytes it takes in the object. */
  storedLength: number;
  /** How many it is decoded to, if it is a frame. */
  decodedLength?: number;
  /** What is wanted of it, in order: where it begins in the decoded unit, in bytes. */
  chunks: { id: string; length: number; within: number }[];
}

/** The chunks of checked units end to end, if they are right. */
export interface Checked {
  bytes: Uint8Array<ArrayBuffer> | undefined;
}

/** Bytes that were added to a stream. */
export interface Folded {
  bytes: Uint8Array<ArrayBuffer>;
}

export type JobKind = keyof Jobs;
/** To the worker. */
export type Request =
  | { [Kind in JobKind]: { id: number; kind: Kind; input: Jobs[Kind]["input"] } }[JobKind]
  | { id: number; kind: "cancel" };
/** From the worker. */
export type Reply =
  | { id: number; progress: number }
  | { id: number; output: Jobs[JobKind]["output"] }
  | { id: number; error: { name: string; message: string } };
