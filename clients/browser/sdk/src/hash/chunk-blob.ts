import { createBLAKE3, createSHA256 } from "hash-wasm";
import type { HashedChunks } from "../delta/types.js";
import { blocks } from "./blocks.js";
import { Chunker, createGear } from "./chunker.js";
import type { Jobs } from "./messages.js";

const ID_BYTES = 32;

/** Cuts a blob into chunks and hashes it, reading it once, block by block. */
export async function chunkBlob(
  { blob }: Jobs["chunk"]["input"],
  onRead: (bytes: number) => void,
  isCancelled: () => boolean,
): Promise<HashedChunks> {
  const [sha256, blake3, gear] = await Promise.all([createSHA256(), createBLAKE3(), createGear()]);
  const ids: Uint8Array[] = [];
  const lengths: number[] = [];
  const chunker = new Chunker(gear, (chunk) => {
    ids.push(blake3.init().update(chunk).digest("binary"));
    lengths.push(chunk.length);
  });
  let read = 0;
  for await (const block of blocks(blob, isCancelled)) {
    sha256.update(block);
    chunker.update(block);
    read += block.length;
    onRead(read);
  }
  chunker.finish();
  return { sha256: sha256.digest(), ids: concatenated(ids), lengths: Uint32Array.from(lengths) };
}

function concatenated(ids: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(ids.length * ID_BYTES);
  ids.forEach((id, index) => {
    all.set(id, index * ID_BYTES);
  });
  return all;
}
