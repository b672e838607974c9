import { SluiceError } from "../errors.js";

/** Writes a download to the caller's stream, or collects it in a Blob. */
export class Sink {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  /** Joining Blobs does not copy them, and the browser may keep them on disk. */
  readonly #blobs: Blob[] = [];

  constructor(to: WritableStream<Uint8Array> | undefined) {
    this.#writer = to?.getWriter();
    // The next write reports the failure.
    this.#writer?.closed.catch(() => {});
  }

  /** Writes the next bytes; resolves when the stream accepts more. */
  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    if (this.#writer) await written(this.#writer.write(bytes));
    else this.#blobs.push(new Blob([bytes]));
  }

  /** Finishes the download. Returns the Blob if there is no stream. */
  async close(): Promise<Blob | undefined> {
    if (!this.#writer) return new Blob(this.#blobs);
    await written(this.#writer.close());
    return undefined;
  }
  async abort(reason: unknown): Promise<void> {
    await this.#writer?.abort(reason).catch(() => {});
  }
}

async function written(done: Promise<void>): Promise<void> {
  try {
    await done;
  } catch (cause) {
    throw new SluiceError("write_failed", "the download's `to` does not accept the bytes", {
      cause,
    });
  }
}
