import { createHash, randomFillSync } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, open, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { FILES } from "./folders.js";

export const MIB = 1024 * 1024;

/** A file on disk to upload. */
export interface LocalFile {
  path: string;
  name: string;
  size: number;
}

/** Makes files in a temporary folder. */
export class Files {
  private constructor(readonly folder: string) {}

  static async create(): Promise<Files> {
    return new Files(await mkdtemp(join(FILES, "story-")));
  }

  /** Makes a file of random bytes. */
  async random(name: string, size: number): Promise<LocalFile> {
    const path = await this.#path(name);
    const file = await open(path, "w");
    try {
      const piece = new Uint8Array(MIB);
      for (let written = 0; written < size; written += piece.length) {
        randomFillSync(piece);
        await file.write(piece, 0, Math.min(piece.length, size - written));
      }
    } finally {
      await file.close();
    }
    return { path, name: basename(name), size };
  }

  /** Makes a sparse file of zeros, which takes no disk space. */
  async sparse(name: string, size: number): Promise<LocalFile> {
    const path = await this.#path(name);
    await writeFile(path, "");
    await truncate(path, size);
    return { path, name: basename(name), size };
  }

  /** Makes a changed copy of a file under another name. */
  async changed(name: string, file: LocalFile, change: (bytes: Buffer) => Buffer): Promise<LocalFile> {
    const path = await this.#path(name);
    const bytes = change(await readFile(file.path));
    await writeFile(path, bytes);
    return { path, name: basename(name), size: bytes.length };
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  async #path(name: string): Promise<string> {
    const path = join(this.folder, name);
    await mkdir(dirname(path), { recursive: true });
    return path;
  }
}

/** Returns the SHA-256 of a file in hex. */
export function sha256Of(path: string): Promise<string> {
  return digest("sha256", path);
}

/** Returns the SHA-1 of a file in hex. */
export function sha1Of(path: string): Promise<string> {
  return digest("sha1", path);
}

async function digest(algorithm: string, path: string): Promise<string> {
  const hash = createHash(algorithm);
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  return hash.digest("hex");
}
