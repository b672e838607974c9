import { accountId } from "../accounts.js";
import type { Job } from "./job.js";

/** The name under which one tab at a time sends to a path of an account. */
export function lockName(api: string, account: string, path: string): string {
  return `sluice:${api}:${account}:${path}`;
}

/** Does `work` while no other tab of this browser sends to the same path. Browsers without locks just do it. */
export async function locked<T>(job: Job, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const locks = globalThis.navigator?.locks;
  if (!locks) return work();
  const name = lockName(job.inside.api, await accountId(job.inside), job.path);
  let hasBegun = false;
  try {
    return await locks.request(name, { signal }, () => {
      hasBegun = true;
      return work();
    });
  } catch (error) {
    // The lock's own failures are of no use to the caller.
    if (hasBegun || signal.aborted) throw error;
    return work();
  }
}
