/** Computes the extended output of BLAKE3, which hash-wasm does not offer. */

const IV = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
const ORDER = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8];
const COLUMNS_AND_DIAGONALS = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
] as const;
const START_END_ROOT = 1 | 2 | 8;

/** Returns the bytes that `chunks.txt` describes. */
export function vectorBytes(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array((1 << 20) + 200_000);
  const text = new TextEncoder().encode("sluice chunks");
  const view = new DataView(bytes.buffer);
  for (let block = 0; block < (1 << 20) / 64; block++) {
    outputBlock(text, block).forEach((word, index) => {
      view.setUint32(block * 64 + index * 4, word, true);
    });
  }
  return bytes;
}

/** Computes one block of 64 bytes of the output, for a text of at most one block. */
function outputBlock(text: Uint8Array, counter: number): Uint32Array {
  const block = new Uint8Array(64);
  block.set(text);
  let message = new Uint32Array(block.buffer);
  const state = Uint32Array.from([...IV, ...IV.slice(0, 4), counter, 0, text.length, START_END_ROOT]);
  const rotate = (value: number, by: number) => (value >>> by) | (value << (32 - by));
  const get = (index: number) => state[index] as number;
  for (let round = 0; round < 7; round++) {
    COLUMNS_AND_DIAGONALS.forEach(([a, b, c, d], index) => {
      for (const [half, [first, second]] of [
        [16, 12],
        [8, 7],
      ].entries()) {
        state[a] = get(a) + get(b) + (message[2 * index + half] as number);
        state[d] = rotate(get(d) ^ get(a), first as number);
        state[c] = get(c) + get(d);
        state[b] = rotate(get(b) ^ get(c), second as number);
      }
    });
    message = message.map((_, index) => message[ORDER[index] as number] as number);
  }
  const output = new Uint32Array(16);
  for (let index = 0; index < 8; index++) {
    output[index] = get(index) ^ get(index + 8);
    output[index + 8] = get(index + 8) ^ (IV[index] as number);
  }
  return output;
}
