import { aborted, SluiceError } from "../errors.js";
import { Slots } from "../slots.js";
import { backgroundTimer } from "../waiting.js";
import { SMALL_MAX_BYTES } from "./limits.js";
import type { JobKind, Jobs, Reply, Request } from "./messages.js";
import { ThisThread, type WorkerLike } from "./this-thread.js";

/** Most workers, most small blobs and most large blobs read at once. */
const WORKERS = 2;
/** An idle worker is stopped after this time. */
const IDLE_MILLISECONDS = 20_000;

interface PendingJob {
  resolve(output: never): void;
  reject(error: Error): void;
  onProgress: ((bytes: number) => void) | undefined;
}

export interface JobOptions {
  /** Receives the bytes read so far, about ten times a second. */
  onProgress?: ((bytes: number) => void) | undefined;
  signal?: AbortSignal | undefined;
  /** Parts of the input to transfer instead of copying. */
  transfer?: Transferable[];
}

/** The workers of one connection. They start on demand and stop when idle. */
export class Workers {
  readonly #small = new Slots(WORKERS);
  readonly #large = new Slots(WORKERS);
  readonly #leased: LeasedWorker[] = [];

  /** Runs a job that reads a whole blob, when it has a slot. Owners share the slots fairly. */
  read<Kind extends "digest" | "chunk">(
    owner: unknown,
    kind: Kind,
    input: Jobs[Kind]["input"],
    options: JobOptions = {},
  ): Promise<Jobs[Kind]["output"]> {
    const slots = input.blob.size > SMALL_MAX_BYTES ? this.#large : this.#small;
    return slots.run(owner, options.signal, async () => {
      const worker = this.lease();
      try {
        return await worker.run(kind, input, options);
      } finally {
        worker.release();
      }
    });
  }

  /** Returns the worker with the fewest users, for several jobs. The caller releases it. */
  lease(): LeasedWorker {
    let [worker, ...others] = this.#leased;
    for (const other of others) if (worker && other.users < worker.users) worker = other;
    if (!worker || (worker.users > 0 && this.#leased.length < WORKERS)) {
      worker = new LeasedWorker((stopped) => this.#leased.splice(this.#leased.indexOf(stopped), 1));
      this.#leased.push(worker);
    }
    worker.take();
    return worker;
  }
}

/** A worker that several users share. */
export class LeasedWorker {
  users = 0;
  readonly #worker: WorkerLike;
  readonly #jobs = new Map<number, PendingJob>();
  #nextId = 0;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #failure: SluiceError | undefined;

  constructor(private readonly onStop: (worker: LeasedWorker) => void) {
    this.#worker = start();
    this.#worker.onmessage = (event: MessageEvent<Reply>) => this.#receive(event.data);
    this.#worker.onerror = (event) => this.#fail(event.message);
  }

  take(): void {
    this.users += 1;
    clearTimeout(this.#idle);
  }

  release(): void {
    this.users -= 1;
    if (this.users === 0 && !this.#failure)
      this.#idle = backgroundTimer(() => this.#stop(), IDLE_MILLISECONDS);
  }

  /** Runs a job. Several may run at the same time. */
  async run<Kind extends JobKind>(
    kind: Kind,
    input: Jobs[Kind]["input"],
    { onProgress, signal, transfer = [] }: JobOptions = {},
  ): Promise<Jobs[Kind]["output"]> {
    if (signal?.aborted) throw aborted();
    if (this.#failure) throw this.#failure;
    const id = this.#nextId++;
    const onAbort = () => {
      this.#post({ id, kind: "cancel" });
      this.#jobs.get(id)?.reject(aborted());
    };
    signal?.addEventListener("abort", onAbort);
    try {
      return await new Promise<Jobs[Kind]["output"]>((resolve, reject) => {
        this.#jobs.set(id, { resolve, reject, onProgress });
        this.#post({ id, kind, input } as Request, transfer);
      });
    } finally {
      this.#jobs.delete(id);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  #post(message: Request, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #receive(reply: Reply): void {
    const job = this.#jobs.get(reply.id);
    if ("progress" in reply) job?.onProgress?.(reply.progress);
    else if ("output" in reply) job?.resolve(reply.output as never);
    else job?.reject(readError(reply.error));
  }

  #fail(message: string): void {
    if (this.#failure) return;
    this.#failure = failed(message);
    for (const job of this.#jobs.values()) job.reject(this.#failure);
    clearTimeout(this.#idle);
    this.#stop();
  }

  #stop(): void {
    this.#worker.terminate();
    this.onStop(this);
  }
}

function start(): WorkerLike {
  if (typeof Worker === "undefined") return new ThisThread();
  try {
    // Bundlers recognize exactly this expression.
    return new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  } catch (cause) {
    throw failed(cause instanceof Error ? cause.message : "");
  }
}

function failed(reason: string): SluiceError {
  return new SluiceError("worker_failed", `the hashing worker does not run: ${reason || "no reason given"}`);
}

/** Browsers fail to read a file that was modified, moved or deleted after it was picked. */
function readError({ name, message }: { name: string; message: string }): SluiceError {
  if (name === "NotReadableError" || name === "NotFoundError") {
    return new SluiceError("file_changed", "the file was modified, moved or deleted after it was picked");
  }
  return new SluiceError("worker_failed", `${name}: ${message}`);
}
