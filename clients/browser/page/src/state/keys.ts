import { SluiceError } from "@sluice/browser";

/** How long a key is kept. Whoever tries again later has seen other changes in the meantime. */
const KEPT_MILLISECONDS = 2 * 60 * 1000;

/** A write that got no answer. */
interface Unanswered {
  what: string;
  key: string;
  failedAt: number;
}

/** The last write of each file, if it got no answer. */
let unanswered = new Map<string, Unanswered>();

/**
 * Makes a write to a file with a key. After a write without an answer, the next one to the file has its key
 * if it does the same soon: what the first one did is not taken for a change by somebody else.
 */
export async function withKey<T>(
  fileId: string,
  change: unknown[],
  write: (key: string) => Promise<T>,
): Promise<T> {
  const known = unanswered;
  const before = known.get(fileId);
  known.delete(fileId);
  const what = JSON.stringify(change);
  const isRepeat = before?.what === what && performance.now() - before.failedAt < KEPT_MILLISECONDS;
  const key = isRepeat ? before.key : crypto.randomUUID();
  try {
    return await write(key);
  } catch (error) {
    const hasAnswer = error instanceof SluiceError && (error.status ?? 500) < 500;
    if (!hasAnswer) known.set(fileId, { what, key, failedAt: performance.now() });
    throw error;
  }
}

/** Forgets all keys, also of writes under way: a list that is loaded anew shows what they did. */
export function forgetKeys(): void {
  unanswered = new Map();
}
