import { signal } from "@preact/signals";
import { type Account, account, connect, logIn, logOut, register } from "@sluice/browser";

/** `starting`: not known yet. `ended`: it was in, and the server no longer knows the session; calls wait for `signIn`. */
export type SessionState = "starting" | "out" | "in" | "ended";

export const session = signal<SessionState>("starting");
/** Who is signed in; kept while the session has ended. */
export const me = signal<Account | undefined>(undefined);
/** Why the page could not find out who is signed in. */
export const startError = signal<unknown>(undefined);

let goOn: (() => void) | undefined;

/** The connection of the whole page. Its session is a cookie that no script can read. */
export const connection = connect({
  onUnauthenticated: () =>
    new Promise((resolve) => {
      goOn = resolve;
      session.value = me.peek() === undefined ? "out" : "ended";
    }),
});

/** Finds out who is signed in. If nobody is, it waits until somebody is. */
export async function start(): Promise<void> {
  startError.value = undefined;
  try {
    me.value = await account(connection);
    session.value = "in";
  } catch (error) {
    startError.value = error;
  }
}

/** Signs in; every call that waits for it goes on. Fails with `wrong_credentials`, among others. */
export async function signIn(username: string, password: string): Promise<void> {
  await logIn(connection, username, password);
  tabs.postMessage(username);
  continueSession();
}

function continueSession(): void {
  if (session.peek() === "ended") session.value = "in";
  goOn?.();
  goOn = undefined;
}

/** Makes an account and signs in. */
export async function signUp(username: string, password: string): Promise<void> {
  await register(connection, username, password);
  await signIn(username, password);
}

/** Signs out, and loads the page anew, so that nothing of the account stays in memory. */
export async function signOut(): Promise<void> {
  await logOut(connection);
  tabs.postMessage("");
  leave();
}

/** Loads the page anew at its top. */
export function leave(): void {
  leaving = true;
  history.replaceState(null, "", location.pathname);
  location.reload();
}

/** Whether the page is being left on purpose, so that nobody need be asked. */
export let leaving = false;

let refreshes = 0;

/** Asks how much room there is now. An answer that a later question has overtaken does not count. */
export async function refreshAccount(): Promise<void> {
  const refresh = ++refreshes;
  try {
    const now = await account(connection);
    if (refresh === refreshes) me.value = now;
  } catch {
    // The numbers then stay as old as they are.
  }
}

/**
 * The cookie is one for all tabs of the browser: who signs in or out in one does so in all. A tab of another account
 * would go on with the wrong one, so it loads anew.
 */
const tabs = new BroadcastChannel("sluice-session");
tabs.onmessage = ({ data }: MessageEvent<string>) => {
  const same = data !== "" && data.toLowerCase() === me.peek()?.username;
  if (same && session.peek() === "ended") continueSession();
  else if (!same && session.peek() !== "starting") leave();
};
