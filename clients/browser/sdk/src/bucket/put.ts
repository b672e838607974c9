import type { PartUrl } from "../api/uploads.js";
import { aborted } from "../errors.js";
import { type Failure, refusal, unreachable } from "./failure.js";

/** A request that moves nothing for this long is cancelled and retried. */
const STALL_MILLISECONDS = 30_000;
/** Signed headers that only the browser may set. */
const SET_BY_BROWSER = ["content-length", "host"];

/** The `ETag` without quotes (empty if the bucket does not expose it), or why the PUT failed. */
export type PutOutcome = { etag: string } | Failure;

/**
 * Sends one part by XMLHttpRequest, because fetch does not report upload progress. `onSent` receives the
 * bytes sent so far. Throws only `aborted`.
 */
export function put(
  part: PartUrl,
  body: Blob,
  onSent: (bytes: number) => void,
  signal: AbortSignal,
): Promise<PutOutcome> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(aborted());
    const request = new XMLHttpRequest();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const cancel = () => request.abort();
    const watch = () => {
      clearTimeout(timer);
      timer = setTimeout(cancel, STALL_MILLISECONDS);
    };
    request.upload.onprogress = (event) => {
      watch();
      onSent(event.loaded);
    };
    request.onreadystatechange = watch;
    request.onloadend = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", cancel);
      if (signal.aborted) reject(aborted());
      else resolve(outcome(request));
    };
    signal.addEventListener("abort", cancel);
    send(request, part, body);
    watch();
  });
}

function send(request: XMLHttpRequest, part: PartUrl, body: Blob): void {
  request.open("PUT", part.url);
  for (const [name, value] of Object.entries(part.headers)) {
    if (!SET_BY_BROWSER.includes(name.toLowerCase())) request.setRequestHeader(name, value);
  }
  request.send(body);
}

function outcome(request: XMLHttpRequest): PutOutcome {
  const { status } = request;
  if (status === 0) return unreachable("the bucket does not answer");
  // With `If-None-Match: *` in the signature: an earlier attempt succeeded, but its answer was lost.
  if (status === 412) return { etag: "" };
  if (status >= 200 && status < 300) return { etag: unquoted(request.getResponseHeader("etag")) };
  return refusal(status, request.responseText);
}

function unquoted(etag: string | null): string {
  return etag?.replaceAll('"', "") ?? "";
}
