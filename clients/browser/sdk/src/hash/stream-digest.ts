import { createSHA256, type IHasher } from "hash-wasm";
import type { Jobs, StreamBlock } from "./messages.js";

const streams = new Map<number, Promise<IHasher>>();

/** Adds bytes to the SHA-256 of a stream, and returns them. The first bytes start the stream. */
export async function updateStream({ stream, bytes }: Jobs["updateStream"]["input"]): Promise<StreamBlock> {
  const hasher = hasherOf(stream);
  (await hasher).update(bytes);
  return { bytes };
}

/** Ends a stream and returns the SHA-256 of its bytes. */
export async function finishStream({ stream }: Jobs["finishStream"]["input"]): Promise<string> {
  const hasher = await hasherOf(stream);
  streams.delete(stream);
  return hasher.digest();
}

function hasherOf(stream: number): Promise<IHasher> {
  const hasher = streams.get(stream) ?? createSHA256();
  streams.set(stream, hasher);
  return hasher;
}
