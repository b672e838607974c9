/** A file up to this size is hashed first and sent in one PUT: 16 MiB. */
export const SMALL_MAX_BYTES = 16 << 20;
/** The largest decoded length of a Zstandard frame, in bytes (docs/FORMATS.md). */
export const FRAME_MAX_BYTES = 262_144;
