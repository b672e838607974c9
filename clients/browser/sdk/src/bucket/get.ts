import { retryAfter } from "../backoff.js";
import { aborted } from "../errors.js";
import { type Failure, refusal, unreachable } from "./failure.js";

/** A transfer that moves nothing for this long is cancelled and retried. */
const STALL_MILLISECONDS = 30_000;
const ERROR_MAX_CHARACTERS = 65_536;

/** A range of an object. */
export interface Range {
  url: string;
  /** The headers that the URL was signed with. */
  headers: Record<string, string>;
  /** Offset in the object, in bytes. */
  start: number;
  /** Length of the range in bytes. */
  length: number;
}

/**
 * Reads a range block by block. Returns undefined once all of it has arrived, or why it has not; blocks
 * passed on until then are valid. Throws only `aborted`.
 */
export async function get(
  range: Range,
  onBlock: (block: Uint8Array) => void,
  signal: AbortSignal,
): Promise<Failure | undefined> {
  const controller = new AbortController();
  const stop = () => controller.abort();
  let timer = setTimeout(stop, STALL_MILLISECONDS);
  const watch = () => {
    clearTimeout(timer);
    timer = setTimeout(stop, STALL_MILLISECONDS);
  };
  signal.addEventListener("abort", stop);
  try {
    return await receive(range, onBlock, watch, controller.signal);
  } catch (cause) {
    if (signal.aborted) throw aborted();
    return unreachable("the bucket does not answer, or its answer broke off", cause);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    // A server that ignores the range would send more.
    stop();
  }
}

async function receive(
  { url, headers, start, length }: Range,
  onBlock: (block: Uint8Array) => void,
  watch: () => void,
  signal: AbortSignal,
): Promise<Failure | undefined> {
  if (signal.aborted) throw aborted();
  const response = await fetch(url, {
    headers: { ...headers, range: `bytes=${start}-${start + length - 1}` },
    credentials: "omit",
    cache: "no-store",
    referrerPolicy: "no-referrer",
    signal,
  });
  watch();
  if (!response.ok) {
    const text = (await response.text()).slice(0, ERROR_MAX_CHARACTERS);
    return refusal(response.status, text, retryAfter(response.headers.get("retry-after")));
  }
  // A server may ignore a range and send everything.
  let skip = response.status === 206 ? 0 : start;
  let left = length;
  const reader = response.body?.getReader();
  while (reader && left > 0) {
    const { value, done } = await reader.read();
    if (done) break;
    watch();
    const block = value.subarray(Math.min(skip, value.length)).subarray(0, left);
    skip -= Math.min(skip, value.length);
    left -= block.length;
    if (block.length > 0) onBlock(block);
  }
  return left > 0 ? unreachable("the answer ended early") : undefined;
}
