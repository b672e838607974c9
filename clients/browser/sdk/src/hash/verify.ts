import { createBLAKE3, type IHasher } from "hash-wasm";
import { decodeFrame } from "./frame.js";
import type { Jobs, Verified } from "./messages.js";

let blake3: Promise<IHasher> | undefined;

/** Decodes consecutive units, verifies each chunk by its BLAKE3, and concatenates the chunks. */
export async function verifyUnits({ bytes, units }: Jobs["verify"]["input"]): Promise<Verified> {
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
    for (const { id, length, offset } of chunks) {
      const chunk = raw.subarray(offset, offset + length);
      if (chunk.length !== length || hasher.init().update(chunk).digest() !== id) return { bytes: undefined };
      all.set(chunk, filled);
      filled += length;
    }
  }
  return { bytes: all };
}
