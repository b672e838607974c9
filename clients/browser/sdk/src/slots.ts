import { untilAborted } from "./waiting.js";

/** Gives a slot back. Calling it again does nothing. */
export type Release = () => void;

/**
 * A number of slots, shared fairly: whoever has waited for many is served in turn with whoever waits for one, so that a
 * large file does not keep small ones waiting.
 */
export class Slots {
  #free: number;
  /** Who waits, by owner; the first owner is served next. */
  readonly #queues = new Map<unknown, (() => void)[]>();

  constructor(count: number) {
    this.#free = count;
  }

  /** Waits for a slot on behalf of `owner`. */
  async acquire(owner: unknown, signal?: AbortSignal): Promise<Release> {
    if (this.#free > 0 && !signal?.aborted) this.#free -= 1;
    else await this.#wait(owner, signal);
    let held = true;
    return () => {
      if (held) this.#passOn();
      held = false;
    };
  }

  /** Does `work` with a slot. */
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

  #passOn(): void {
    const [first] = this.#queues;
    if (!first) {
      this.#free += 1;
      return;
    }
    const [owner, queue] = first;
    const waiter = queue.shift();
    // The owner goes to the end of the line.
    this.#queues.delete(owner);
    if (queue.length > 0) this.#queues.set(owner, queue);
    waiter?.();
  }
}
