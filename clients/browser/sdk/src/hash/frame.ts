import { decompress } from "fzstd";
import { FRAME_MAX_BYTES } from "./limits.js";

/** By the descriptor's two low bits. */
const DICTIONARY_BYTES = [0, 1, 2, 4];
const SINGLE_SEGMENT = 0x20;
const CHECKSUM = 0x04;
const RUN_LENGTH = 1;

/**
 * Decodes a Zstandard frame (RFC 8878) to `length` bytes; gives nothing if it is not exactly one frame of that length,
 * or is damaged. The frame's own account of itself is looked at first, for it decides how much memory is taken.
 */
export function decodeFrame(frame: Uint8Array, length: number): Uint8Array | undefined {
  if (length > FRAME_MAX_BYTES) return undefined;
  const said = describe(frame);
  if (said?.contentLength !== length || said.end !== frame.length) return undefined;
  try {
    const decoded = decompress(frame);
    return decoded.length === length ? decoded : undefined;
  } catch {
    return undefined;
  }
}

/** How long a frame's content is, and where the frame ends, as its headers say. */
function describe(frame: Uint8Array): { contentLength: number; end: number } | undefined {
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
    // It ends before its headers do.
    return undefined;
  }
}
