import { SluiceError } from "../errors.js";

/** The code for a status, where the gateway answered with a body of its own. */
const CODES: Record<number, string> = {
  401: "unauthenticated",
  404: "not_found",
  413: "body_too_large",
  429: "too_many_requests",
  500: "internal",
  502: "unavailable",
  503: "unavailable",
  504: "unavailable",
};

/** Reads the error in an answer of the API (RFC 9457), which may ask to wait. */
export function problem(status: number, body: string, askedMilliseconds: number): SluiceError {
  const { code, title, detail, field, request_id: requestId } = parse(body);
  const message = [title, detail].filter((text) => typeof text === "string" && text).join(": ");
  return new SluiceError(
    typeof code === "string" ? code : (CODES[status] ?? "unexpected_answer"),
    message || `the API answered with the status ${status}`,
    {
      status,
      requestId: typeof requestId === "string" ? requestId : undefined,
      field: typeof field === "string" ? field : undefined,
      retryAfterSeconds: askedMilliseconds > 0 ? Math.ceil(askedMilliseconds / 1000) : undefined,
    },
  );
}

function parse(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
