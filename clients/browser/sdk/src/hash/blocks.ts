/** Read at once. Reading takes twice this memory, because the next block is read ahead. */
const BLOCK_BYTES = 4 << 20;

/** Yields a blob block by block, and reads the next block meanwhile. */
export async function* blocks(
  blob: Blob,
  isCancelled: () => boolean,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const read = (start: number) => {
    const block = blob.slice(start, start + BLOCK_BYTES).arrayBuffer();
    // Handled where it is awaited, if it ever is.
    block.catch(() => {});
    return block;
  };
  let next = read(0);
  for (let start = 0; start < blob.size;) {
    const block = new Uint8Array(await next);
    if (isCancelled()) throw new DOMException("it was cancelled", "AbortError");
    if (block.length !== Math.min(BLOCK_BYTES, blob.size - start)) {
      throw new DOMException("the file has become shorter", "NotReadableError");
    }
    start += block.length;
    if (start < blob.size) next = read(start);
    yield block;
  }
}
