import type { PartUrl } from "../api/uploads.js";
import { aborted } from "../errors.js";
import { type Failure, refusal, unreachable } from "./failure.js";

/** A system buffers about this many bytes of a request that it has taken from the browser. */
const BUFFERED_BYTES = 4 * 2 ** 20;
/** Signed headers that only the browser may set. */
const SET_BY_BROWSER = ["content-length", "host"];

/** The `ETag` without quotes (empty if the bucket does not expose it), or why the PUT failed. */
export type PutOutcome = { etag: string } | Failure;

/** A part to send. */
export interface Put {
  part: PartUrl;
  body: Blob;
  /** Receives the bytes sent so far. */
  onSent: (bytes: number) => void;
  /** How many milliseconds to wait while so many bytes may still be under way. */
  patience: (bytes: number) => number;
  signal: AbortSignal;
}

/** Sends one part by XMLHttpRequest, because fetch does not report upload progress. Throws only `aborted`. */
export function put({ part, body, onSent, patience, signal }: Put): Promise<PutOutcome> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(aborted());
    const request = new XMLHttpRequest();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOut = false;
    const cancel = () => request.abort();
    const watch = (bytes: number) => {
      clearTimeout(timer);
      timer = setTimeout(cancel, patience(bytes));
    };
    request.upload.onprogress = (event) => {
      watch(Math.min(event.loaded, BUFFERED_BYTES));
      onSent(event.loaded);
    };
    request.upload.onload = () => {
      isOut = true;
      watch(body.size);
    };
    request.onreadystatechange = () => watch(0);
    request.onloadend = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", cancel);
      if (signal.aborted) reject(aborted());
      else resolve(outcome(request, isOut));
    };
    signal.addEventListener("abort", cancel);
    send(request, part, body);
    watch(0);
  });
}

function send(request: XMLHttpRequest, part: PartUrl, body: Blob): void {
  request.open("PUT", part.url);
  for (const [name, value] of Object.entries(part.headers)) {
    if (!SET_BY_BROWSER.includes(name.toLowerCase())) request.setRequestHeader(name, value);
  }
  request.send(body);
}

function outcome(request: XMLHttpRequest, isOut: boolean): PutOutcome {
  const { status } = request;
  if (status === 0) {
    return { ...unreachable("the bucket does not answer"), kind: isOut ? "unanswered" : "transient" };
  }
  // With `If-None-Match: *` in the signature: an earlier attempt succeeded, but its answer was lost.
  if (status === 412) return { etag: "" };
  if (status >= 200 && status < 300) return { etag: unquoted(request.getResponseHeader("etag")) };
  return refusal(status, request.responseText);
}

function unquoted(etag: string | null): string {
  return etag?.replaceAll('"', "") ?? "";
}
