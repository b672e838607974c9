import { Backoff, BRIEF, PATIENT, retryAfter } from "../backoff.js";
import { type Connection, forgetAccount, type Internals, internals } from "../connection.js";
import { aborted, SluiceError } from "../errors.js";
import { isOffline, sleep, throwIfAborted, untilOnline } from "../waiting.js";
import { problem } from "./problem.js";

/** The API's gateway answers within 30 seconds, or not at all. */
const STALL_MILLISECONDS = 40_000;
/** How often a call may find that the session has ended again. */
const RENEWALS = 3;

/** Parameters of a call; those that are undefined are left out. */
export type Query = Record<string, string | number | boolean | undefined>;

/** One call of the API. */
export interface Call {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Below the API's address, with a leading slash. */
  path: string;
  query?: Query;
  body?: unknown;
  /** A version id. */
  ifMatch?: string | undefined;
  /** Has the server give the first answer again to a repeat. */
  idempotencyKey?: string;
  /** Repeated only where the first try was certainly not carried out. */
  once?: boolean;
  /** Sits out longer trouble, and waits for the network. */
  patient?: boolean;
  /** `renewed` if the session has ended (the default); taken `as is`; or `none` is sent. */
  session?: "renewed" | "as is" | "none";
  signal?: AbortSignal | undefined;
}

/** A try that failed, and whether another one may do. */
interface Failure {
  error: SluiceError;
  isTransient: boolean;
  askedMilliseconds: number;
}

/** Makes a call, repeatedly if need be, and gives the answer's JSON; nothing if it has none. */
export async function call<T = undefined>(connection: Connection, call: Call): Promise<T> {
  const inside = internals(connection);
  const backoff = new Backoff(call.patient ? PATIENT : BRIEF);
  let renewalsLeft = RENEWALS;
  for (;;) {
    await ready(inside, call);
    const renewals = inside.authentication.renewals;
    const outcome = await attempt<T>(inside, call);
    if ("answer" in outcome) return outcome.answer;
    const { error, isTransient, askedMilliseconds } = outcome;
    if (error.code === "unauthenticated" && isRenewed(inside, call) && renewalsLeft > 0) {
      renewalsLeft -= 1;
      if (renewals === inside.authentication.renewals) await inside.authentication.renew();
      forgetAccount(inside);
      continue;
    }
    // What failed because the network went away does not count.
    if (isTransient && call.patient && isOffline()) continue;
    const delay = isTransient ? backoff.next(askedMilliseconds) : undefined;
    if (delay === undefined) throw error;
    await sleep(delay, call.signal);
  }
}

/** Waits until it makes sense to call. */
async function ready(inside: Internals, call: Call): Promise<void> {
  throwIfAborted(call.signal);
  if (isRenewed(inside, call)) await inside.authentication.settled();
  if (call.patient) await untilOnline(call.signal);
  else if (isOffline()) throw new SluiceError("offline", "there is no network");
}

function isRenewed(inside: Internals, call: Call): boolean {
  return (call.session ?? "renewed") === "renewed" && inside.authentication.isRenewable;
}

async function attempt<T>(inside: Internals, call: Call): Promise<{ answer: T } | Failure> {
  const controller = new AbortController();
  const init = await request(inside, call, controller.signal);
  const stop = () => controller.abort();
  const timer = setTimeout(stop, STALL_MILLISECONDS);
  call.signal?.addEventListener("abort", stop);
  try {
    const response = await fetch(address(inside, call), init);
    const text = await response.text();
    if (response.ok) return { answer: (text ? JSON.parse(text) : undefined) as T };
    return {
      error: problem(response.status, text),
      isTransient: isWorthRepeating(call, response.status),
      askedMilliseconds: retryAfter(response.headers.get("retry-after")),
    };
  } catch (cause) {
    if (call.signal?.aborted) throw aborted();
    const error = new SluiceError(
      "unreachable",
      `${inside.api} does not answer, or does not allow this page's origin`,
      { cause },
    );
    return { error, isTransient: !call.once, askedMilliseconds: 0 };
  } finally {
    clearTimeout(timer);
    call.signal?.removeEventListener("abort", stop);
  }
}

async function request(inside: Internals, call: Call, signal: AbortSignal): Promise<RequestInit> {
  const headers: Record<string, string> =
    call.session === "none" ? {} : await inside.authentication.headers();
  if (call.body !== undefined) headers["content-type"] = "application/json";
  if (call.ifMatch !== undefined) headers["if-match"] = `"${call.ifMatch}"`;
  if (call.idempotencyKey !== undefined) headers["idempotency-key"] = call.idempotencyKey;
  const init: RequestInit = {
    method: call.method,
    headers,
    credentials: inside.usesCookie ? "same-origin" : "omit",
    cache: "no-store",
    redirect: "error",
    signal,
  };
  return call.body === undefined ? init : { ...init, body: JSON.stringify(call.body) };
}

function address(inside: Internals, call: Call): string {
  const given = Object.entries(call.query ?? {}).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  const query = new URLSearchParams(given).toString();
  return query ? `${inside.api}${call.path}?${query}` : `${inside.api}${call.path}`;
}

function isWorthRepeating(call: Call, status: number): boolean {
  return status === 429 || status === 503 || (status >= 500 && !call.once);
}

/** A key for one request and its repeats. */
export function idempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
