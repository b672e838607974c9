import { Authentication } from "./api/authentication.js";
import type { UploadView } from "./api/uploads.js";
import { SluiceError } from "./errors.js";
import { Workers } from "./hash/workers.js";
import { Slots } from "./slots.js";
import type { Account, ConnectOptions } from "./types.js";
import { Waiter } from "./upload/waiter.js";

/** Browsers open about so many connections to one host. */
const PARALLEL = 6;
/** How many uploads are begun at once. */
const BEGINNING = 4;
/** How many small files are being sent for each request that may be under way: they mostly wait for answers. */
const FILES_PER_REQUEST = 4;

/** Where the API is and who is asking; made by `connect`. */
export interface Connection {
  /** The API's address, without a trailing slash. */
  readonly api: string;
}

/** What the parts of this library share on behalf of one connection. */
export interface Internals extends Connection {
  readonly usesCookie: boolean;
  readonly authentication: Authentication;
  /** How many requests to the bucket may be under way. */
  readonly parallel: number;
  /** One for each of those. */
  readonly requests: Slots;
  /** For uploads that are being begun. */
  readonly beginning: Slots;
  /** For files until their bytes have arrived. Small ones do not wait for large ones. */
  readonly sending: { readonly small: Slots; readonly large: Slots };
  /** For files that are being downloaded. */
  readonly downloading: Slots;
  readonly workers: Workers;
  /** Who asks whether uploads are verified. */
  readonly waiter: Waiter;
  /** Uploads that are under way in this page, by id. */
  readonly uploads: Set<string>;
  /** The account's unfinished uploads, as they were not long ago. */
  listed: { at: number; uploads: Promise<UploadView[]> } | undefined;
  /** Who is logged in, if anybody asked. */
  account: Promise<Account> | undefined;
}

/** Makes a connection. Nothing is sent by that. */
export function connect(options: ConnectOptions = {}): Connection {
  const api = (options.api ?? globalThis.location?.origin)?.replace(/\/+$/, "");
  if (!api) throw new SluiceError("invalid_request", "outside a page, `api` is needed");
  const parallel = Math.max(1, Math.floor(options.parallel ?? PARALLEL));
  const connection: Internals = {
    api,
    workers: new Workers(),
    waiter: new Waiter(() => connection),
    usesCookie: options.token === undefined,
    authentication: new Authentication(options.token, options.onUnauthenticated),
    parallel,
    requests: new Slots(parallel),
    beginning: new Slots(BEGINNING),
    sending: { small: new Slots(parallel * FILES_PER_REQUEST), large: new Slots(parallel) },
    downloading: new Slots(parallel),
    uploads: new Set(),
    listed: undefined,
    account: undefined,
  };
  return connection;
}

/** Somebody else may have logged in. */
export function forgetAccount(inside: Internals): void {
  inside.account = undefined;
  inside.listed = undefined;
}

/** The inside of a connection. */
export function internals(connection: Connection): Internals {
  return connection as Internals;
}
