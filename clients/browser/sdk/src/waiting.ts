import { aborted } from "./errors.js";

/** Why `signal` was aborted, as an error; the reason given to `abort` if that was one of ours. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw aborted();
}

/** Waits so many milliseconds; fails with `aborted` as soon as the signal says so. */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return untilAborted(signal, (resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    return () => clearTimeout(timer);
  });
}

/** Whether the browser says that there is no network. It may be wrong only in saying that there is one. */
export function isOffline(): boolean {
  return globalThis.navigator?.onLine === false;
}

/** Waits until the browser no longer says that there is no network. */
export function untilOnline(signal?: AbortSignal): Promise<void> {
  if (!isOffline()) return Promise.resolve();
  return untilAborted(signal, (resolve) => {
    globalThis.addEventListener("online", resolve);
    return () => globalThis.removeEventListener("online", resolve);
  });
}

/** Waits for the promise, but no longer than the signal allows: what it is about goes on. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  // Its failure is met here, or by nobody.
  const settled = promise.then(
    () => {},
    () => {},
  );
  await untilAborted(signal, (resolve) => {
    void settled.then(resolve);
    return () => {};
  });
  return promise;
}

/**
 * A promise that `start` fulfils by the function it is given, and that an abort rejects with `aborted`. What `start`
 * returns is called in either case, to tidy up.
 */
export function untilAborted(
  signal: AbortSignal | undefined,
  start: (resolve: () => void) => () => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(aborted());
    const end = (settle: () => void) => {
      stop();
      signal?.removeEventListener("abort", onAbort);
      settle();
    };
    const onAbort = () => end(() => reject(aborted()));
    const stop = start(() => end(resolve));
    signal?.addEventListener("abort", onAbort);
  });
}
