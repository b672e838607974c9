import type { PutOutcome } from "../bucket/put.js";

interface Sending {
  controller: AbortController;
  outcome: Promise<PutOutcome>;
}

/** The PUTs of an upload that are under way, by part number. A pause does not cancel them. */
export class InFlight {
  readonly #sending = new Map<number, Sending>();

  /** Starts a PUT, which `cancel` aborts. */
  start(number: number, put: (signal: AbortSignal) => Promise<PutOutcome>): Promise<PutOutcome> {
    const controller = new AbortController();
    const outcome = put(controller.signal).finally(() => {
      if (this.#sending.get(number)?.controller === controller) this.#sending.delete(number);
    });
    this.#sending.set(number, { controller, outcome });
    return outcome;
  }

  has(number: number): boolean {
    return this.#sending.has(number);
  }

  /** Returns the outcome of a part's PUT that is under way. */
  outcomeOf(number: number): Promise<PutOutcome> | undefined {
    return this.#sending.get(number)?.outcome;
  }

  /** Cancels all. */
  cancel(): void {
    for (const { controller } of this.#sending.values()) controller.abort();
    this.#sending.clear();
  }
}
