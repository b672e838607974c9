import { decompress } from "fzstd";
import { FRAME_MAX_BYTES } from "./limits.js";

/** The length of the dictionary id, by the two low bits of the descriptor. */
const DICTIONARY_BYTES = [0, 1, 2, 4];
const SINGLE_SEGMENT = 0x20;
const CHECKSUM = 0x04;
const RUN_LENGTH = 1;

/**
 * Decodes a Zstandard frame (RFC 8878) to `length` bytes. Returns undefined if it is damaged, or not exactly
 * one frame of that length. The headers are checked first, because they decide how much memory decoding
 * takes.
 */
export function decodeFrame(frame: Uint8Array, length: number): Uint8Array | undefined {
  if (length > FRAME_MAX_BYTES) return undefined;
  const header = readHeaders(frame);
  if (header?.contentLength !== length || header.end !== frame.length) return undefined;
  try {
    const decoded = decompress(frame);
    return decoded.length === length ? decoded : undefined;
  } catch {
    return undefined;
  }
}

/** Reads the decoded length of a frame and its end from its headers. */
function readHeaders(frame: Uint8Array): { contentLength: number; end: number } | undefined {
  if (frame.length < 6) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  const descriptor = view.getUint8(4);
  const isSingle = (descriptor & SINGLE_SEGMENT) !== 0;
  const sizeFlag = descriptor >> 6;
  let at = 5 + (isSingle ? 0 : 1) + (DICTIONARY_BYTES[descriptor & 3] ?? 0);
  try {
    let contentLength = 0;
    if (sizeFlag === 0 && isSingle) contentLength = view.getUint8(at);
    else if (sizeFlag === 1) contentLength = view.getUint16(at, true) + 256;
    else if (sizeFlag === 2) contentLength = view.getUint32(at, true);
    else return undefined;
    at += 1 << sizeFlag;
    for (let isLast = false; !isLast;) {
      const header = view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
      isLast = (header & 1) === 1;
      at += 3 + (((header >> 1) & 3) === RUN_LENGTH ? 1 : header >> 3);
    }
    return { contentLength, end: at + (descriptor & CHECKSUM ? 4 : 0) };
  } catch {
    // The frame ends within its headers.
    return undefined;
  }
}
