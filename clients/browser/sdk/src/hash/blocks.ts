/** Read at once; the memory that reading takes is twice that. */
const BLOCK_BYTES = 4 << 20;

/** The bytes of a blob, in blocks, each of which is read while the one before is worked on. */
export async function* blocks(
  blob: Blob,
  isCancelled: () => boolean,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const read = (start: number) => {
    const block = blob.slice(start, start + BLOCK_BYTES).arrayBuffer();
    // Its failure is met where it is awaited, if it ever is.
    block.catch(() => {});
    return block;
  };
  let next = read(0);
  for (let start = 0; start < blob.size;) {
    const block = new Uint8Array(await next);
    if (isCancelled()) throw new DOMException("it was cancelled", "AbortError");
    if (block.length !== Math.min(BLOCK_BYTES, blob.size - start)) {
      throw new DOMException("it is shorter than it was", "NotReadableError");
    }
    start += block.length;
    if (start < blob.size) next = read(start);
    yield block;
  }
}
