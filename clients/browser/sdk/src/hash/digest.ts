import { createMD5, createSHA256 } from "hash-wasm";
import { blocks } from "./blocks.js";
import type { Jobs } from "./messages.js";

/** Digests a blob block by block; lower-case hex. */
export async function digest(
  { blob, algorithm }: Jobs["digest"]["input"],
  onRead: (bytes: number) => void,
  isCancelled: () => boolean,
): Promise<string> {
  const hasher = await (algorithm === "md5" ? createMD5() : createSHA256());
  let read = 0;
  for await (const block of blocks(blob, isCancelled)) {
    hasher.update(block);
    read += block.length;
    onRead(read);
  }
  return hasher.digest();
}
