import { aborted } from "./errors.js";

/** Throws `aborted` if the signal has been aborted. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw aborted();
}

/** Waits for some milliseconds; rejects with `aborted` as soon as the signal aborts. */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return untilAborted(signal, (resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    return () => clearTimeout(timer);
  });
}

/** Starts a timer that does not keep Node running. */
export function backgroundTimer(work: () => void, milliseconds: number): ReturnType<typeof setTimeout> {
  const timer = setTimeout(work, milliseconds);
  (timer as { unref?(): void }).unref?.();
  return timer;
}

/** Whether the browser reports no network. A report that there is a network may be wrong. */
export function isOffline(): boolean {
  return globalThis.navigator?.onLine === false;
}

/** Waits until the browser no longer reports that there is no network. */
export function untilOnline(signal?: AbortSignal): Promise<void> {
  if (!isOffline()) return Promise.resolve();
  return untilAborted(signal, (resolve) => {
    globalThis.addEventListener("online", resolve);
    return () => globalThis.removeEventListener("online", resolve);
  });
}

/** Waits for the promise until the signal aborts. An abort does not stop the work behind the promise. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  // Marks a rejection as handled, in case of an abort.
  const finished = promise.then(
    () => {},
    () => {},
  );
  await untilAborted(signal, (resolve) => {
    void finished.then(resolve);
    return () => {};
  });
  return promise;
}

/**
 * Makes a promise that `start` resolves by its argument, and that an abort rejects with `aborted`. The
 * function that `start` returns cleans up in both cases.
 */
export function untilAborted(
  signal: AbortSignal | undefined,
  start: (resolve: () => void) => () => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(aborted());
    const end = (resolveOrReject: () => void) => {
      stop();
      signal?.removeEventListener("abort", onAbort);
      resolveOrReject();
    };
    const onAbort = () => end(() => reject(aborted()));
    const stop = start(() => end(resolve));
    signal?.addEventListener("abort", onAbort);
  });
}
