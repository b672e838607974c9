import { createBLAKE3, type IHasher } from "hash-wasm";
import { decodeFrame } from "./frame.js";
import type { Checked, Jobs } from "./messages.js";

let blake3: Promise<IHasher> | undefined;

/** Decodes units that lie end to end, checks every chunk by its BLAKE3, and puts the chunks end to end. */
export async function check({ bytes, units }: Jobs["check"]["input"]): Promise<Checked> {
  blake3 ??= createBLAKE3();
  const hasher = await blake3;
  const chunks = units.flatMap((unit) => unit.chunks);
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  let filled = 0;
  for (const { storedLength, decodedLength, chunks } of units) {
    const stored = bytes.subarray(at, at + storedLength);
    at += storedLength;
    const raw = decodedLength === undefined ? stored : decodeFrame(stored, decodedLength);
    if (!raw) return { bytes: undefined };
    for (const { id, length, within } of chunks) {
      const chunk = raw.subarray(within, within + length);
      if (chunk.length !== length || hasher.init().update(chunk).digest() !== id) return { bytes: undefined };
      all.set(chunk, filled);
      filled += length;
    }
  }
  return { bytes: all };
}
