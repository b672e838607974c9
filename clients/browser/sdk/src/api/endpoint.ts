import type { Authentication } from "./authentication.js";

/** What a call needs to know of its connection. */
export interface Endpoint {
  /** The API's address, without a trailing slash. */
  readonly api: string;
  /** Whether the session is a cookie of the page's own origin, rather than a token. */
  readonly usesCookie: boolean;
  readonly authentication: Authentication;
  /** Drops what is cached about the account: another user may have logged in. */
  forgetAccount(): void;
}
