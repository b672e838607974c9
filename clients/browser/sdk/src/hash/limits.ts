/** A file up to this size is hashed before anything else, and goes in one PUT: 16 MiB. */
export const SMALL_MAX_BYTES = 16 << 20;
/** What a Zstandard frame is decoded to at most, in bytes (docs/FORMATS.md). */
export const FRAME_MAX_BYTES = 262_144;
