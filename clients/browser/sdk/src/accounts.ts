import { call } from "./api/call.js";
import { type Connection, forgetAccount, internals } from "./connection.js";
import { hasCode } from "./errors.js";
import type { Account, AccountCreated, Session } from "./types.js";

/** Makes an account. It is not logged in by that. Fails with `username_taken`, among others. */
export function register(
  connection: Connection,
  username: string,
  password: string,
): Promise<AccountCreated> {
  return call(connection, {
    method: "POST",
    path: "/accounts",
    body: { username, password },
    session: "none",
    once: true,
  });
}

/**
 * Logs in. The session is a cookie that no script can read, unless the connection was made with `token`: then the
 * answer has a token, for the caller to keep. Fails with `wrong_credentials`, among others.
 */
export async function logIn(connection: Connection, username: string, password: string): Promise<Session> {
  const { usesCookie } = internals(connection);
  const body = usesCookie ? { username, password, cookie: true } : { username, password };
  const session = await call<Session>(connection, {
    method: "POST",
    path: "/sessions",
    body,
    session: "none",
  });
  forgetAccount(internals(connection));
  return session;
}

/** Ends the session, at the server too. One that has ended already is no error. */
export async function logOut(connection: Connection): Promise<void> {
  try {
    await call(connection, { method: "DELETE", path: "/sessions/current", session: "as is" });
  } catch (error) {
    if (!hasCode(error, "unauthenticated")) throw error;
  } finally {
    forgetAccount(internals(connection));
  }
}

/** Who is logged in, and how much room there is. */
export async function account(connection: Connection): Promise<Account> {
  const answer = await call<Account>(connection, { method: "GET", path: "/accounts/me" });
  internals(connection).account = Promise.resolve(answer);
  return answer;
}

/** The account's id, asked for once a login, for as long as it takes. */
export async function accountId(connection: Connection): Promise<string> {
  const state = internals(connection);
  state.account ??= call<Account>(connection, { method: "GET", path: "/accounts/me", patient: true });
  const asked = state.account;
  try {
    return (await asked).account_id;
  } catch (error) {
    if (state.account === asked) state.account = undefined;
    throw error;
  }
}
