/** What an error says beside its code. */
export interface ErrorDetails {
  /** The HTTP status, if there was an answer. */
  status?: number | undefined;
  /** Identifies the request in the server's logs. */
  requestId?: string | undefined;
  /** Why a version was rejected. */
  reason?: string | undefined;
  /** The field of the request that is wrong, as the API names it. */
  field?: string | undefined;
  /** How long the server asks to wait before another try. */
  retryAfterSeconds?: number | undefined;
  cause?: unknown;
}

/**
 * What promises of this library reject with. Errors of the caller's `token` and `onUnauthenticated` pass
 * unchanged.
 */
export class SluiceError extends Error {
  override readonly name = "SluiceError";
  /**
   * A code of the API (docs/API.md), or one of these:
   *
   * - `offline`: the browser reports no network
   * - `unreachable`: no answer, or only transient failures, after all retries
   * - `bucket_refused`: the bucket refused to store or return the bytes
   * - `rejected`: the server verified the bytes and rejected the version; see `reason`
   * - `file_changed`: the picked file was modified, moved or deleted
   * - `file_mismatch`: the file cannot be the one of the named upload
   * - `damaged`: bytes that fail verification
   * - `write_failed`: a download's `to` failed
   * - `worker_failed`: the hashing worker does not run; see the README on CSP
   * - `aborted`: the caller aborted the operation
   * - `unexpected_answer`: the server's answer makes no sense to this library
   */
  readonly code: string;
  /** The HTTP status, if there was an answer. */
  readonly status?: number;
  /** Identifies the request in the server's logs. */
  readonly requestId?: string;
  /** With `rejected`: why, as docs/API.md lists it. */
  readonly reason?: string;
  /** The field of the request that is wrong, as the API names it: a form shows the error beside it. */
  readonly field?: string;
  /** With status 429 or 503: how long the server asks to wait before another try. */
  readonly retryAfterSeconds?: number;

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    if (details.status !== undefined) this.status = details.status;
    if (details.requestId !== undefined) this.requestId = details.requestId;
    if (details.reason !== undefined) this.reason = details.reason;
    if (details.field !== undefined) this.field = details.field;
    if (details.retryAfterSeconds !== undefined) this.retryAfterSeconds = details.retryAfterSeconds;
  }
}

/** Makes the error of an aborted operation. */
export function aborted(): SluiceError {
  return new SluiceError("aborted", "it was aborted");
}

/** Whether this is a `SluiceError` with one of these codes. */
export function hasCode(error: unknown, ...codes: string[]): error is SluiceError {
  return error instanceof SluiceError && codes.includes(error.code);
}
