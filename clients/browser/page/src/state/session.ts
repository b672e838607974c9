import { signal } from "@preact/signals";
import { type Account, account, connect, logIn, logOut, register, SluiceError } from "@sluice/browser";
import { isUsername } from "../names.js";

/** `starting`: not known yet. `ended`: the session has expired, and calls wait for `signIn`. */
export type SessionState = "starting" | "out" | "in" | "ended";

export const session = signal<SessionState>("starting");
/** The signed-in account; kept when the session expires. */
export const me = signal<Account | undefined>(undefined);

/** How many bytes of its quota an account has taken. */
export function takenBytes({ usedBytes, reservedBytes, rowBytes }: Account): number {
  return usedBytes + reservedBytes + rowBytes;
}

/** The id of the signed-in account; empty if there is none. */
export function accountId(): string {
  return me.peek()?.accountId ?? "";
}
/** Why asking for the account failed. */
export const startError = signal<unknown>(undefined);

let resume: (() => void) | undefined;

/** The page's connection. Its session is a cookie that no script can read. */
export const connection = connect({
  onUnauthenticated: () =>
    new Promise((resolve) => {
      resume = resolve;
      session.value = me.peek() === undefined ? "out" : "ended";
    }),
});

/** Asks for the signed-in account. Without a session, waits for a sign-in. */
export async function start(): Promise<void> {
  startError.value = undefined;
  try {
    me.value = await account(connection);
    session.value = "in";
  } catch (error) {
    startError.value = error;
  }
}

addEventListener("online", () => {
  if (startError.peek() !== undefined) void start();
});

/** Signs in and resumes the calls that wait for it. Fails with `wrong_credentials`, among others. */
export async function signIn(username: string, password: string): Promise<void> {
  await logIn(connection, username, password);
  tabs.postMessage(username);
  continueSession();
}

function continueSession(): void {
  if (session.peek() === "ended") session.value = "in";
  resume?.();
  resume = undefined;
}

/** Creates an account and signs in. Fails with `bad_username`, among others. */
export async function signUp(username: string, password: string, invitation?: string): Promise<void> {
  if (!isUsername(username)) throw new SluiceError("bad_username", "no user name");
  await register(connection, username, password, { invitation });
  await signIn(username, password);
}

/** Signs out and reloads the page, so that nothing of the account stays in memory. */
export async function signOut(): Promise<void> {
  await logOut(connection);
  tabs.postMessage("");
  leave();
}

/** Reloads the page at the top level. */
export function leave(): void {
  isLeaving = true;
  history.replaceState(null, "", location.pathname);
  location.reload();
}

/** Whether the page is reloaded on purpose, so that the browser need not ask. */
export let isLeaving = false;

let refreshes = 0;

/** Updates the account's usage. Drops the answer if a later call has started meanwhile. */
export async function refreshAccount(): Promise<void> {
  const refresh = ++refreshes;
  try {
    const now = await account(connection);
    if (refresh === refreshes) me.value = now;
  } catch {
    // Then the numbers stay out of date.
  }
}

/**
 * All tabs share one cookie, so signing in or out affects them all. A tab of another account would continue
 * with the wrong one, so it reloads.
 */
const tabs = new BroadcastChannel("sluice-session");
tabs.onmessage = ({ data }: MessageEvent<string>) => {
  const same = data !== "" && data.toLowerCase() === me.peek()?.username;
  if (same && session.peek() === "ended") continueSession();
  else if (!same && session.peek() !== "starting") leave();
};
