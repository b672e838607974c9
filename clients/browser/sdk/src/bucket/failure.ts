import { SluiceError } from "../errors.js";

/**
 * Why a presigned request failed. `forbidden`: the URL has most likely expired. `damaged`: the bytes that
 * arrived differ from those sent. `transient`: the same request may succeed later. `gone`: the bucket does
 * not know the upload or the object. `unanswered`: all bytes were handed over, but no answer came. `final`: a
 * repeat will not help.
 */
export interface Failure {
  kind: "forbidden" | "damaged" | "transient" | "unanswered" | "gone" | "final";
  error: SluiceError;
  /** How long the bucket asked us to wait. */
  askedMilliseconds: number;
}

const DAMAGED = ["BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch"];
const CUT_SHORT = ["RequestTimeout", "IncompleteBody"];

/** Classifies a bucket's error by what can be done about it. `body` is S3's error document. */
export function refusal(status: number, body: string, askedMilliseconds = 0): Failure {
  const code = /<Code>([^<]{1,100})<\/Code>/.exec(body)?.[1] ?? "";
  const kind = refusalKind(status, code);
  const message = `the bucket answered with the status ${status}${code && ` (${code})`}`;
  return {
    kind,
    error: new SluiceError(kind === "damaged" ? "damaged" : "bucket_refused", message, { status }),
    askedMilliseconds,
  };
}

function refusalKind(status: number, code: string): Failure["kind"] {
  if (status === 403) return "forbidden";
  if (status === 404) return "gone";
  if (status === 400 && DAMAGED.includes(code)) return "damaged";
  if (status === 400 && CUT_SHORT.includes(code)) return "transient";
  return [408, 409, 425, 429].includes(status) || status >= 500 ? "transient" : "final";
}

/** The bucket did not answer, or its answer broke off. To a script, a missing CORS rule looks the same. */
export function unreachable(message: string, cause?: unknown): Failure {
  return {
    kind: "transient",
    error: new SluiceError("unreachable", message, { cause }),
    askedMilliseconds: 0,
  };
}
