import type { Reply, Request } from "./messages.js";

/** What this library uses of a worker. */
export type WorkerLike = Pick<Worker, "postMessage" | "terminate"> & {
  onmessage: ((event: MessageEvent<Reply>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
};

/** Does a worker's work on this thread, where there are no workers: in Node. */
export class ThisThread implements WorkerLike {
  onmessage: WorkerLike["onmessage"] = null;
  onerror: WorkerLike["onerror"] = null;
  /** Loaded on demand, so that pages do not load it. */
  readonly #receive = import("./serve.js").then(({ serve }) =>
    serve((data) => this.onmessage?.({ data } as MessageEvent<Reply>)),
  );

  postMessage(request: Request): void {
    this.#receive.then(
      (receive) => receive(request),
      (error) => this.onerror?.({ message: String(error) } as ErrorEvent),
    );
  }

  terminate(): void {}
}
