import { SluiceError } from "../errors.js";

/** Where a download's bytes go: to the caller's stream, or into a Blob. */
export class Sink {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  /** The browser may keep Blobs on disk: they are joined, not copied. */
  readonly #blobs: Blob[] = [];

  constructor(to: WritableStream<Uint8Array> | undefined) {
    this.#writer = to?.getWriter();
    // Its failure is met by the next write.
    this.#writer?.closed.catch(() => {});
  }

  /** Takes the next bytes; resolves when there is room for more. */
  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    if (this.#writer) await written(this.#writer.write(bytes));
    else this.#blobs.push(new Blob([bytes]));
  }

  /** All bytes have been written: gives the Blob, if it is one. */
  async close(): Promise<Blob | undefined> {
    if (!this.#writer) return new Blob(this.#blobs);
    await written(this.#writer.close());
    return undefined;
  }

  /** There will be no more. */
  async abort(reason: unknown): Promise<void> {
    await this.#writer?.abort(reason).catch(() => {});
  }
}

async function written(done: Promise<void>): Promise<void> {
  try {
    await done;
  } catch (cause) {
    throw new SluiceError("write_failed", "what the download is written to does not take the bytes", {
      cause,
    });
  }
}
