import { randomFillSync } from "node:crypto";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PIECE_BYTES = 8 * 1024 * 1024;

/** Makes a file of random bytes in a temporary folder; disposal deletes both. */
export async function randomFile(size: number): Promise<{ path: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-bench-"));
  const path = join(folder, "content");
  await using file = await open(path, "w");
  const piece = new Uint8Array(PIECE_BYTES);
  for (let written = 0; written < size; written += PIECE_BYTES) {
    randomFillSync(piece);
    await file.write(piece, 0, Math.min(PIECE_BYTES, size - written));
  }
  return { path, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}
