import { accountId } from "../accounts.js";
import type { Job } from "./job.js";

/** Names the lock that lets one tab at a time send to a path of an account. */
export function lockName(api: string, account: string, path: string): string {
  return `sluice:${api}:${account}:${path}`;
}

/**
 * Runs `work` while no other tab of this browser sends to the same path. Browsers without locks run it at
 * once.
 */
export async function locked<T>(job: Job, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const locks = globalThis.navigator?.locks;
  if (!locks) return work();
  const name = lockName(job.internals.api, await accountId(job.internals), job.path);
  let isHeld = false;
  try {
    return await locks.request(name, { signal }, () => {
      isHeld = true;
      return work();
    });
  } catch (error) {
    // If the lock itself fails, go on without it.
    if (isHeld || signal.aborted) throw error;
    return work();
  }
}
