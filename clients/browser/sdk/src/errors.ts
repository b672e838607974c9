/** What is known of a failure beside its code. */
export interface ErrorDetails {
  /** The HTTP status, where there was an answer. */
  status?: number | undefined;
  /** Names the request in the server's logs. */
  requestId?: string | undefined;
  /** Why a version was rejected. */
  reason?: string | undefined;
  /** What lies beneath. */
  cause?: unknown;
}

/** What this library's promises reject with, but for what `token` and `onUnauthenticated` themselves reject with. */
export class SluiceError extends Error {
  override readonly name = "SluiceError";
  /**
   * A code of the API (see docs/API.md), or one of these: `offline` (the browser says that there is no network),
   * `unreachable` (no answer, or none that helps, however often it was tried), `bucket_refused` (the bucket does not take
   * or give the bytes), `rejected` (the server verified the bytes and refused the version; see `reason`), `file_changed`
   * (the picked file was written to, moved or deleted), `file_mismatch` (it cannot be the file of the upload that was
   * named), `damaged` (bytes that are not what they should be), `write_failed` (a download's `to` does not take the
   * bytes), `worker_failed` (the hashing worker does not run; see the README on CSP), `aborted`, `unexpected_answer`.
   */
  readonly code: string;
  /** The HTTP status, where there was an answer. */
  readonly status?: number;
  /** Names the request in the server's logs. */
  readonly requestId?: string;
  /** With `rejected`: why, as docs/API.md lists it. */
  readonly reason?: string;

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    if (details.status !== undefined) this.status = details.status;
    if (details.requestId !== undefined) this.requestId = details.requestId;
    if (details.reason !== undefined) this.reason = details.reason;
  }
}

/** What an abandoned operation fails with. */
export function aborted(): SluiceError {
  return new SluiceError("aborted", "it was aborted");
}

/** Whether this is a `SluiceError` with one of the codes. */
export function hasCode(error: unknown, ...codes: string[]): error is SluiceError {
  return error instanceof SluiceError && codes.includes(error.code);
}
