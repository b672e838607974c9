import { untilAborted } from "./waiting.js";

/** Returns a slot. Calling it again has no effect. */
export type Release = () => void;

/**
 * A semaphore that is fair between owners: they are served in turn, however many slots each waits for. So a
 * large file does not block small ones.
 */
export class Slots {
  /** Negative while more are held than there should be. */
  #free: number;
  /** The waiters by owner. The first owner is served next. */
  readonly #queues = new Map<unknown, (() => void)[]>();

  constructor(private count: number) {
    this.#free = count;
  }

  /** Changes the number of slots. Those held beyond it are not passed on. */
  resize(count: number): void {
    this.#free += count - this.count;
    this.count = count;
    this.#passOn();
  }

  /** Waits for a slot. */
  async acquire(owner: unknown, signal?: AbortSignal): Promise<Release> {
    if (this.#free > 0 && !signal?.aborted) this.#free -= 1;
    else await this.#wait(owner, signal);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#free += 1;
      this.#passOn();
    };
  }

  /** Runs `work` while holding a slot. */
  async run<T>(owner: unknown, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    const release = await this.acquire(owner, signal);
    try {
      return await work();
    } finally {
      release();
    }
  }

  async #wait(owner: unknown, signal: AbortSignal | undefined): Promise<void> {
    await untilAborted(signal, (resolve) => {
      const queue = this.#queues.get(owner) ?? [];
      this.#queues.set(owner, queue);
      queue.push(resolve);
      return () => this.#leave(owner, resolve);
    });
  }

  #leave(owner: unknown, waiter: () => void): void {
    const queue = this.#queues.get(owner);
    const index = queue?.indexOf(waiter) ?? -1;
    if (!queue || index < 0) return;
    queue.splice(index, 1);
    if (queue.length === 0) this.#queues.delete(owner);
  }

  /** Gives free slots to those that wait. */
  #passOn(): void {
    while (this.#free > 0) {
      const [first] = this.#queues;
      if (!first) return;
      this.#free -= 1;
      const [owner, queue] = first;
      const waiter = queue.shift();
      // The owner moves to the end of the queue.
      this.#queues.delete(owner);
      if (queue.length > 0) this.#queues.set(owner, queue);
      waiter?.();
    }
  }
}
