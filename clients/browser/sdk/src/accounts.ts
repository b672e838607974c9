import { call } from "./api/call.js";
import type { components } from "./api/schema.js";
import { type Connection, type Internals, internalsOf } from "./connection.js";
import { hasCode } from "./errors.js";
import type { Account, AccountCreated, RegisterOptions, Session, SessionInfo } from "./types.js";

type Schemas = components["schemas"];

/**
 * Creates an account; does not log in. Fails with `username_taken`, `registration_closed` or
 * `invitation_invalid`, among others.
 */
export function register(
  connection: Connection,
  username: string,
  password: string,
  options: RegisterOptions = {},
): Promise<AccountCreated> {
  const { invitation } = options;
  return call<Schemas["AccountCreated"]>(internalsOf(connection), {
    method: "POST",
    path: "/accounts",
    body: { username, password, ...(invitation && { invitation }) },
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

/** Lists the account's sessions, the latest first. */
export async function listSessions(connection: Connection): Promise<SessionInfo[]> {
  const list = await call<Schemas["SessionList"]>(internalsOf(connection), {
    method: "GET",
    path: "/sessions",
  });
  return list.sessions;
}

/** Ends a session of the account. A session that has already ended is no error. */
export async function endSession(connection: Connection, sessionId: string): Promise<void> {
  const path = `/sessions/${encodeURIComponent(sessionId)}`;
  try {
    await call(internalsOf(connection), { method: "DELETE", path });
  } catch (error) {
    if (!hasCode(error, "not_found")) throw error;
  }
}

/** Ends all sessions of the account but the present one. */
export async function endOtherSessions(connection: Connection): Promise<void> {
  await call(internalsOf(connection), { method: "DELETE", path: "/sessions" });
}

/** Changes the password and ends all other sessions. Fails with `wrong_password`, among others. */
export async function changePassword(
  connection: Connection,
  password: string,
  newPassword: string,
): Promise<void> {
  await call(internalsOf(connection), {
    method: "POST",
    path: "/accounts/me/password",
    body: { password, newPassword },
  });
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
