import type { UploadRequest } from "../api/uploads.js";
import type { components } from "../api/schema.js";
import type { FromWire } from "../api/wire.js";

export type ManifestTerm = FromWire<components["schemas"]["ManifestTerm"]>;
export type PackReference = components["schemas"]["PackReference"];

/** The chunks of a file, end to end. */
export interface Chunks {
  /** The BLAKE3 of each chunk, 32 bytes each. */
  ids: Uint8Array<ArrayBuffer>;
  /** The length of each chunk in bytes. */
  lengths: Uint32Array<ArrayBuffer>;
}

/** The chunks of a file and its SHA-256. */
export interface HashedChunks extends Chunks {
  /** Of the whole file, in lower-case hex. */
  sha256: string;
}

/** Consecutive chunks of a pack that the account has. */
export interface PackRun extends Chunks {
  packId: string;
  /** The number of the first chunk in the pack, from 0. */
  firstChunk: number;
}

/** What to send of a file, and the manifest that says how to assemble it. */
export interface Draft {
  /** For each pack: the ranges of the file that it consists of, as pairs of start and end in bytes. */
  packs: [number, number][][];
  manifest: { packs: number[][]; terms: ManifestTerm[] };
  /** The size of all packs. */
  newBytes: number;
  /** The size of the last pack. */
  lastPackBytes: number;
}

/** A delta upload that is ready to be sent. */
export interface Delta {
  /** Of the whole file, in lower-case hex. */
  sha256: string;
  draft: Draft;
  packs: Blob[];
  /** The packs as the server is told of them. */
  declared: NonNullable<UploadRequest["packs"]>;
}
