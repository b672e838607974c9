import { createMD5 } from "hash-wasm";

/** Only the last chunk of a file may be shorter. */
const MIN_BYTES = 4 << 10;
/** From this length on, a cut is easier to find. */
const AVERAGE_BYTES = 16 << 10;
/** The length of the longest possible chunk. */
export const MAX_BYTES = 64 << 10;

/** Bits 0 to 23 and 24 to 47 of the masks; all other bits are 0. */
const BEFORE_AVERAGE = { low: 0x537000, high: 0xd90303 };
const AFTER_AVERAGE = { low: 0x530000, high: 0xd90103 };
const LOW_BITS = 0xffffff;

/** The gear table, as the two halves of 24 bits that the masks test. */
export interface Gear {
  low: Int32Array;
  high: Int32Array;
}

/** Makes the gear table of docs/FORMATS.md. */
export async function createGear(): Promise<Gear> {
  const md5 = await createMD5();
  const gear = { low: new Int32Array(256), high: new Int32Array(256) };
  for (let byte = 0; byte < 256; byte++) {
    const digest = md5.init().update(new Uint8Array(64).fill(byte)).digest();
    gear.high[byte] = Number.parseInt(digest.slice(4, 10), 16);
    gear.low[byte] = Number.parseInt(digest.slice(10, 16), 16);
  }
  return gear;
}

/**
 * Returns the length of the chunk that starts at `start` (FastCDC, docs/FORMATS.md). `bytes` must hold
 * `MAX_BYTES` from there on, or the rest of the file.
 */
export function cut(gear: Gear, bytes: Uint8Array, start: number): number {
  const length = Math.min(bytes.length - start, MAX_BYTES);
  if (length <= MIN_BYTES) return length;
  // Bytes are tested in pairs, so an odd last byte is not tested.
  const end = start + (length & ~1);
  const relaxed = Math.min(start + AVERAGE_BYTES, end);
  const { low: gearLow, high: gearHigh } = gear;
  // The bits of the 64-bit hash that the masks test. The low half carries into the high half. No mask tests
  // the carry of the high half, so that half may overflow.
  let low = 0;
  let high = 0;
  let at = start + MIN_BYTES;
  for (; at < relaxed; at++) {
    const byte = bytes[at] as number;
    low = (low << 1) + (gearLow[byte] as number);
    high = ((high << 1) + (gearHigh[byte] as number) + (low >> 24)) | 0;
    low &= LOW_BITS;
    if ((low & BEFORE_AVERAGE.low) === 0 && (high & BEFORE_AVERAGE.high) === 0) return at - start;
  }
  for (; at < end; at++) {
    const byte = bytes[at] as number;
    low = (low << 1) + (gearLow[byte] as number);
    high = ((high << 1) + (gearHigh[byte] as number) + (low >> 24)) | 0;
    low &= LOW_BITS;
    if ((low & AFTER_AVERAGE.low) === 0 && (high & AFTER_AVERAGE.high) === 0) return at - start;
  }
  return length;
}

/** Cuts a stream into chunks. The cuts depend only on the bytes, not on how they arrive in blocks. */
export class Chunker {
  /** The bytes after the last certain cut, fewer than `MAX_BYTES`. */
  #carry = new Uint8Array(0);

  /** `onChunk` receives each chunk. Its bytes are valid only during the call. */
  constructor(
    private readonly gear: Gear,
    private readonly onChunk: (chunk: Uint8Array) => void,
  ) {}

  update(block: Uint8Array): void {
    // Only chunks that start in the carry are cut from a copy; the others are cut from the block itself.
    const carried = this.#carry.length;
    const joined = join(this.#carry, block.subarray(0, MAX_BYTES));
    let start = 0;
    while (start < carried && joined.length - start >= MAX_BYTES) start += this.#take(joined, start);
    if (start < carried) {
      this.#carry = joined.slice(start);
      return;
    }
    start -= carried;
    while (block.length - start >= MAX_BYTES) start += this.#take(block, start);
    this.#carry = block.slice(start);
  }

  /** Cuts the rest into the last chunks. */
  finish(): void {
    let start = 0;
    while (start < this.#carry.length) start += this.#take(this.#carry, start);
  }

  #take(bytes: Uint8Array, start: number): number {
    const length = cut(this.gear, bytes, start);
    this.onChunk(bytes.subarray(start, start + length));
    return length;
  }
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}
