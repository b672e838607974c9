import { Backoff, BRIEF, PATIENT, retryAfter } from "../backoff.js";
import { aborted, SluiceError } from "../errors.js";
import { isOffline, sleep, throwIfAborted, untilOnline } from "../waiting.js";
import type { Endpoint } from "./endpoint.js";
import { problem } from "./problem.js";
import { type FromWire, fromWire, toWire } from "./wire.js";

/** The API's gateway answers within 30 seconds or not at all. */
const STALL_MILLISECONDS = 40_000;
/** How often one call may find that its session has ended. */
const RENEWALS_MAX = 3;

/** The longest wait that a server may ask for without a person being told. */
const UNTOLD_WAIT_MILLISECONDS = 2000;

/** Query parameters of a call. Undefined ones are left out. */
export type Query = Record<string, string | number | boolean | undefined>;

/** A call of the API. */
export interface Call {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Relative to the API's address, with a leading slash. */
  path: string;
  query?: Query;
  /** Sent as JSON with snake_case names. */
  body?: unknown;
  /** The version that must be current. */
  ifMatch?: string | undefined;
  /** Makes the server answer a repeat as it answered the first request. */
  idempotencyKey?: string;
  /** Repeat only if the server certainly did not carry out the request. */
  once?: boolean;
  /** Retry for longer, and wait for the network. */
  patient?: boolean;
  /** Whether to renew a session that has ended (the default), send it `as is`, or send `none`. */
  session?: "renewed" | "as is" | "none";
  signal?: AbortSignal | undefined;
}

/** A failed attempt, and whether another one may succeed. */
interface Failure {
  error: SluiceError;
  isTransient: boolean;
  askedMilliseconds: number;
}

/**
 * Makes a call, with retries. Returns the JSON of the answer in camelCase, or undefined if it has no body.
 */
export async function call<Wire = undefined>(endpoint: Endpoint, call: Call): Promise<FromWire<Wire>> {
  const { authentication } = endpoint;
  const backoff = new Backoff(call.patient ? PATIENT : BRIEF);
  let renewalsLeft = RENEWALS_MAX;
  for (;;) {
    await untilReady(endpoint, call);
    const renewals = authentication.renewals;
    const outcome = await attempt<Wire>(endpoint, call);
    if ("answer" in outcome) return outcome.answer;
    const { error, isTransient, askedMilliseconds } = outcome;
    if (error.code === "unauthenticated" && isRenewed(endpoint, call) && renewalsLeft > 0) {
      renewalsLeft -= 1;
      if (renewals === authentication.renewals) await authentication.renew();
      endpoint.forgetAccount();
      continue;
    }
    // A failure caused by a lost network does not count as a retry.
    if (isTransient && call.patient && isOffline()) continue;
    const delay = isTransient ? backoff.next(askedMilliseconds) : undefined;
    if (delay === undefined) throw error;
    await sleep(delay, call.signal);
  }
}

async function untilReady(endpoint: Endpoint, call: Call): Promise<void> {
  throwIfAborted(call.signal);
  if (isRenewed(endpoint, call)) await endpoint.authentication.untilRenewed();
  if (call.patient) await untilOnline(call.signal);
  else if (isOffline()) throw new SluiceError("offline", "there is no network");
}

function isRenewed({ authentication }: Endpoint, call: Call): boolean {
  return (call.session ?? "renewed") === "renewed" && authentication.isRenewable;
}

async function attempt<Wire>(endpoint: Endpoint, call: Call): Promise<{ answer: FromWire<Wire> } | Failure> {
  const controller = new AbortController();
  const init = await requestInit(endpoint, call, controller.signal);
  const stop = () => controller.abort();
  const timer = setTimeout(stop, STALL_MILLISECONDS);
  call.signal?.addEventListener("abort", stop);
  try {
    const response = await fetch(url(endpoint, call), init);
    const text = await response.text();
    if (response.ok) return { answer: fromWire((text ? JSON.parse(text) : undefined) as Wire) };
    const askedMilliseconds = retryAfter(response.headers.get("retry-after"));
    return {
      error: problem(response.status, text, askedMilliseconds),
      isTransient: isWorthRepeating(call, response.status, askedMilliseconds),
      askedMilliseconds,
    };
  } catch (cause) {
    if (call.signal?.aborted) throw aborted();
    const error = new SluiceError(
      "unreachable",
      `${endpoint.api} does not answer, or does not allow this page's origin`,
      { cause },
    );
    return { error, isTransient: !call.once, askedMilliseconds: 0 };
  } finally {
    clearTimeout(timer);
    call.signal?.removeEventListener("abort", stop);
  }
}

async function requestInit(endpoint: Endpoint, call: Call, signal: AbortSignal): Promise<RequestInit> {
  const headers: Record<string, string> =
    call.session === "none" ? {} : await endpoint.authentication.headers();
  if (call.body !== undefined) headers["content-type"] = "application/json";
  if (call.ifMatch !== undefined) headers["if-match"] = `"${call.ifMatch}"`;
  if (call.idempotencyKey !== undefined) headers["idempotency-key"] = call.idempotencyKey;
  const init: RequestInit = {
    method: call.method,
    headers,
    credentials: endpoint.usesCookie ? "same-origin" : "omit",
    cache: "no-store",
    redirect: "error",
    signal,
  };
  return call.body === undefined ? init : { ...init, body: JSON.stringify(toWire(call.body)) };
}

function url({ api }: Endpoint, call: Call): string {
  const parameters = Object.entries(call.query ?? {}).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  const query = new URLSearchParams(parameters).toString();
  return query ? `${api}${call.path}?${query}` : `${api}${call.path}`;
}

function isWorthRepeating(call: Call, status: number, askedMilliseconds: number): boolean {
  // A person who waits for the answer rather hears how long it will take.
  if (!call.patient && askedMilliseconds > UNTOLD_WAIT_MILLISECONDS) return false;
  return status === 429 || status === 503 || (status >= 500 && !call.once);
}

/** Makes a random key for one request and its repeats. */
export function idempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
