import { createSHA256, type IHasher } from "hash-wasm";
import type { Folded, Jobs } from "./messages.js";

const streams = new Map<number, Promise<IHasher>>();

/** Adds bytes to the SHA-256 of a stream, which begins with the first of them. */
export async function fold({ stream, bytes }: Jobs["fold"]["input"]): Promise<Folded> {
  const hasher = hasherOf(stream);
  (await hasher).update(bytes);
  return { bytes };
}

/** Ends a stream and gives the SHA-256 of its bytes. */
export async function unfold({ stream }: Jobs["unfold"]["input"]): Promise<string> {
  const hasher = await hasherOf(stream);
  streams.delete(stream);
  return hasher.digest();
}

function hasherOf(stream: number): Promise<IHasher> {
  const hasher = streams.get(stream) ?? createSHA256();
  streams.set(stream, hasher);
  return hasher;
}
