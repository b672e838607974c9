import { Authentication } from "./api/authentication.js";
import type { Endpoint } from "./api/endpoint.js";
import type { UploadView } from "./api/uploads.js";
import { SluiceError } from "./errors.js";
import { Workers } from "./hash/workers.js";
import { Pace } from "./pace.js";
import { Slots } from "./slots.js";
import type { Account, ConnectOptions } from "./types.js";
import { VerificationPoller } from "./upload/verification.js";

/** Browsers open about this many connections to one host. */
const PARALLEL = 6;
/** How many uploads are created at once. */
const CREATING = 4;
/**
 * How many small files are being sent for each concurrent request: they spend most of the time waiting for
 * answers.
 */
const FILES_PER_REQUEST = 4;

/** The API's address and the session; made by `connect`. */
export interface Connection {
  /** The API's address, without a trailing slash. */
  readonly api: string;
}

/** What the modules of this library share for one connection. */
export interface Internals extends Connection, Endpoint {
  /** Most concurrent requests to the bucket. */
  readonly parallel: number;
  /** One slot for each of those requests. */
  readonly requests: Slots;
  /** Limits PUTs to what the line can take. */
  readonly pace: Pace;
  /** Slots for calls that create uploads. */
  readonly creating: Slots;
  /** Slots for files until their bytes have arrived. Small files do not wait for large ones. */
  readonly sending: { readonly small: Slots; readonly large: Slots };
  /** Slots for files that are being downloaded. */
  readonly downloading: Slots;
  readonly workers: Workers;
  readonly verification: VerificationPoller;
  /** Ids of the uploads that this page is working on. */
  readonly uploads: Set<string>;
  /** A recent list of the account's unfinished uploads. */
  listed: { at: number; uploads: Promise<UploadView[]> } | undefined;
  /** The logged-in account, once it has been asked for. */
  account: Promise<Account> | undefined;
}

/** Makes a connection. It sends nothing yet. */
export function connect(options: ConnectOptions = {}): Connection {
  const api = (options.api ?? globalThis.location?.origin)?.replace(/\/+$/, "");
  if (!api) throw new SluiceError("invalid_request", "outside a page, `api` is needed");
  const parallel = Math.max(1, Math.floor(options.parallel ?? PARALLEL));
  const requests = new Slots(parallel);
  const internals: Internals = {
    api,
    workers: new Workers(),
    verification: new VerificationPoller(() => internals),
    usesCookie: options.token === undefined,
    authentication: new Authentication(options.token, options.onUnauthenticated),
    parallel,
    requests,
    pace: new Pace(requests, parallel),
    creating: new Slots(CREATING),
    sending: { small: new Slots(parallel * FILES_PER_REQUEST), large: new Slots(parallel) },
    downloading: new Slots(parallel),
    uploads: new Set(),
    listed: undefined,
    account: undefined,
    forgetAccount() {
      internals.account = undefined;
      internals.listed = undefined;
    },
  };
  return internals;
}

/** Returns the internals of a connection made by `connect`. */
export function internalsOf(connection: Connection): Internals {
  return connection as Internals;
}
