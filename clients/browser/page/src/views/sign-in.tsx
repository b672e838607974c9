import { SluiceError } from "@sluice/browser";
import { useId, useRef, useState } from "preact/hooks";
import { text } from "../i18n/index.js";
import { failureText } from "../state/failures.js";
import { leave, me, signIn, signUp } from "../state/session.js";
import { Dialog } from "./dialog.js";
import { Logo } from "./icons.js";

/** The page without a session: sign-in or sign-up. */
export function SignInPage() {
  const { session, app } = text.value;
  const [joining, setJoining] = useState(false);
  return (
    <main class="centred">
      <div class="card narrow sign-in">
        <Logo />
        <h1>{joining ? session.signUpTitle : session.signInTitle}</h1>
        <p class="muted">{app.tagline}</p>
        <CredentialsForm key={String(joining)} joining={joining} />
        <button type="button" class="quiet" onClick={() => setJoining(!joining)}>
          {joining ? session.toSignIn : session.toSignUp}
        </button>
      </div>
    </main>
  );
}

/** Asks for a new sign-in when the session has expired. */
export function SessionEnded() {
  const { session } = text.value;
  return (
    <Dialog title={session.endedTitle}>
      <p>{session.ended}</p>
      <CredentialsForm joining={false} username={me.value?.username} />
      <button type="button" class="quiet" onClick={leave}>
        {session.someoneElse}
      </button>
    </Dialog>
  );
}

/**
 * User name and password. With `username`, only that account may sign in, because the waiting calls are its
 * own.
 */
function CredentialsForm({ joining, username }: { joining: boolean; username?: string | undefined }) {
  const { session } = text.value;
  const [error, setError] = useState<unknown>(undefined);
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const id = useId();
  const wrong = error === undefined ? undefined : wrongField(error);
  const submit = async (event: Event) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    setError(undefined);
    try {
      await (joining ? signUp : signIn)(String(fields.get("username")), String(fields.get("password")));
    } catch (failure) {
      setError(failure);
      form.current?.querySelector<HTMLInputElement>(`[name="${wrongField(failure)}"]`)?.focus();
    }
    setBusy(false);
  };
  return (
    <form ref={form} onSubmit={submit}>
      <label htmlFor={`${id}u`}>{session.username}</label>
      <input
        id={`${id}u`}
        name="username"
        autocomplete="username"
        autocapitalize="none"
        spellcheck={false}
        required
        minLength={joining ? 3 : undefined}
        maxLength={64}
        defaultValue={username}
        readOnly={username !== undefined}
        aria-invalid={wrong === "username"}
        aria-describedby={`${joining ? `${id}uh ` : ""}${id}ue`}
      />
      {joining && (
        <p id={`${id}uh`} class="hint">
          {session.usernameHint}
        </p>
      )}
      <p id={`${id}ue`} class="error" role="alert">
        {wrong === "username" && failureText(error)}
      </p>
      <label htmlFor={`${id}p`}>{session.password}</label>
      <input
        id={`${id}p`}
        name="password"
        type="password"
        autocomplete={joining ? "new-password" : "current-password"}
        required
        minLength={joining ? 12 : undefined}
        maxLength={256}
        autofocus={username !== undefined}
        aria-invalid={wrong === "password"}
        aria-describedby={`${joining ? `${id}ph ` : ""}${id}e`}
      />
      {joining && (
        <p id={`${id}ph`} class="hint">
          {session.passwordHint}
        </p>
      )}
      <p id={`${id}e`} class="error" role="alert">
        {wrong === "password" && failureText(error)}
      </p>
      <button type="submit" class="primary" disabled={busy}>
        {busy ? session.working : joining ? session.signUp : session.signIn}
      </button>
    </form>
  );
}

/** The field that an error is shown under. */
function wrongField(error: unknown): "username" | "password" {
  const isName = error instanceof SluiceError && ["bad_username", "username_taken"].includes(error.code);
  return isName ? "username" : "password";
}
