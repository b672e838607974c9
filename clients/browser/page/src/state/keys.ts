import { SluiceError } from "@sluice/browser";

/** Keys of writes that got no answer, by what they do. */
const unanswered = new Map<string, string>();

/**
 * Makes a write with a key. After a write without an answer, the next one that does the same has its key:
 * what the first one did is not taken for a change by somebody else.
 */
export async function withKey<T>(what: unknown[], write: (key: string) => Promise<T>): Promise<T> {
  const name = JSON.stringify(what);
  const key = unanswered.get(name) ?? crypto.randomUUID();
  unanswered.delete(name);
  try {
    return await write(key);
  } catch (error) {
    const hasAnswer = error instanceof SluiceError && (error.status ?? 500) < 500;
    if (!hasAnswer) unanswered.set(name, key);
    throw error;
  }
}
