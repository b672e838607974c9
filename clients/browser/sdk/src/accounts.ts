import { call } from "./api/call.js";
import type { components } from "./api/schema.js";
import { type Connection, type Internals, internalsOf } from "./connection.js";
import { hasCode } from "./errors.js";
import type { Account, AccountCreated, Session } from "./types.js";

type Schemas = components["schemas"];

/** Creates an account; does not log in. Fails with `username_taken`, among others. */
export function register(
  connection: Connection,
  username: string,
  password: string,
): Promise<AccountCreated> {
  return call<Schemas["AccountCreated"]>(internalsOf(connection), {
    method: "POST",
    path: "/accounts",
    body: { username, password },
    session: "none",
    once: true,
  });
}

/**
 * Logs in. The session is a cookie that no script can read. If the connection was made with `token`, the
 * answer has a token instead, for the caller to keep. Fails with `wrong_credentials`, among others.
 */
export async function logIn(connection: Connection, username: string, password: string): Promise<Session> {
  const internals = internalsOf(connection);
  const body = internals.usesCookie ? { username, password, cookie: true } : { username, password };
  const { expiresAt, token } = await call<Schemas["SessionCreated"]>(internals, {
    method: "POST",
    path: "/sessions",
    body,
    session: "none",
  });
  internals.forgetAccount();
  return { expiresAt, ...(typeof token === "string" && { token }) };
}

/** Ends the session, on the server too. A session that has already ended is no error. */
export async function logOut(connection: Connection): Promise<void> {
  const internals = internalsOf(connection);
  try {
    await call(internals, { method: "DELETE", path: "/sessions/current", session: "as is" });
  } catch (error) {
    if (!hasCode(error, "unauthenticated")) throw error;
  } finally {
    internals.forgetAccount();
  }
}

/** Returns the logged-in account and its quota. */
export async function account(connection: Connection): Promise<Account> {
  const internals = internalsOf(connection);
  const answer = await call<Schemas["AccountView"]>(internals, { method: "GET", path: "/accounts/me" });
  internals.account = Promise.resolve(answer);
  return answer;
}

/** Returns the account's id. Asks once per login, with patience. */
export async function accountId(internals: Internals): Promise<string> {
  internals.account ??= call<Schemas["AccountView"]>(internals, {
    method: "GET",
    path: "/accounts/me",
    patient: true,
  });
  const asked = internals.account;
  try {
    return (await asked).accountId;
  } catch (error) {
    if (internals.account === asked) internals.account = undefined;
    throw error;
  }
}
