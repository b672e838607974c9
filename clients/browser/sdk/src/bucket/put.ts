import type { PartUrl } from "../api/uploads.js";
import { aborted } from "../errors.js";
import { linked } from "../signals.js";
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

/**
 * Sends one part: in a browser by XMLHttpRequest, because fetch does not report upload progress. Throws only
 * `aborted`.
 */
export function put(request: Put): Promise<PutOutcome> {
  return typeof XMLHttpRequest === "undefined" ? putByFetch(request) : putByRequest(request);
}

/** For Node. Whether all bytes have arrived when it fails is not known. */
async function putByFetch({ part, body, patience, signal: outer }: Put): Promise<PutOutcome> {
  const { controller, signal, unlink } = linked(outer);
  const timer = setTimeout(() => controller.abort(), patience(body.size));
  try {
    const headers = Object.fromEntries(headersOf(part));
    const response = await fetch(part.url, { method: "PUT", headers, body, signal });
    const answer = {
      status: response.status,
      etag: response.headers.get("etag"),
      text: await response.text(),
    };
    return outcome(answer);
  } catch (cause) {
    if (outer.aborted) throw aborted();
    return { ...unreachable("the bucket does not answer", cause), kind: "unanswered" };
  } finally {
    clearTimeout(timer);
    unlink();
  }
}

function putByRequest({ part, body, onSent, patience, signal }: Put): Promise<PutOutcome> {
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
      if (signal.aborted) return reject(aborted());
      const { status, responseText: text } = request;
      // Browsers report the reading of a header that an error need not have.
      const etag = status < 300 ? request.getResponseHeader("etag") : null;
      if (status > 0) return resolve(outcome({ status, etag, text }));
      resolve({ ...unreachable("the bucket does not answer"), kind: isOut ? "unanswered" : "transient" });
    };
    signal.addEventListener("abort", cancel);
    send(request, part, body);
    watch(0);
  });
}

function send(request: XMLHttpRequest, part: PartUrl, body: Blob): void {
  request.open("PUT", part.url);
  for (const [name, value] of headersOf(part)) request.setRequestHeader(name, value);
  request.send(body);
}

function headersOf(part: PartUrl): [name: string, value: string][] {
  return Object.entries(part.headers).filter(([name]) => !SET_BY_BROWSER.includes(name.toLowerCase()));
}

function outcome({ status, etag, text }: { status: number; etag: string | null; text: string }): PutOutcome {
  // With `If-None-Match: *` in the signature: an earlier attempt succeeded, but its answer was lost.
  if (status === 412) return { etag: "" };
  if (status >= 200 && status < 300) return { etag: etag?.replaceAll('"', "") ?? "" };
  return refusal(status, text);
}
