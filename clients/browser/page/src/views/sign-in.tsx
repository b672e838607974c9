import { SluiceError } from "@sluice/browser";
import { useState } from "preact/hooks";
import { text } from "../i18n/index.js";
import { failureText } from "../state/failures.js";
import { invitation } from "../state/location.js";
import { leave, me, signIn, signUp } from "../state/session.js";
import { Dialog } from "./dialog.js";
import { Field } from "./field.js";
import { Form } from "./form.js";
import { Logo } from "./icons.js";

/** The page without a session: sign-in or sign-up. An invitation leads to the sign-up. */
export function SignInPage() {
  const { session, app } = text.value;
  const [joining, setJoining] = useState(invitation.peek() !== undefined);
  return (
    <main class="centred">
      <div class="card narrow sign-in">
        <Logo />
        <h1>{joining ? session.signUpTitle : session.signInTitle}</h1>
        <p class="muted">{app.tagline}</p>
        {joining ? <SignUp /> : <SignIn />}
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
      <SignIn username={me.value?.username} />
      <button type="button" class="quiet" onClick={leave}>
        {session.someoneElse}
      </button>
    </Dialog>
  );
}

const valueOf = (values: FormData, name: string) => String(values.get(name) ?? "");

/** With `username`, only that account may sign in, because the waiting calls are its own. */
function SignIn({ username }: { username?: string | undefined }) {
  const { session } = text.value;
  const submit = (values: FormData) => signIn(valueOf(values, "username"), valueOf(values, "password"));
  return (
    <Form submit={session.signIn} fields={["username", "password"]} onSubmit={submit}>
      {(error) => (
        <>
          <Username error={error} defaultValue={username} readOnly={username !== undefined} />
          <Field
            name="password"
            label={session.password}
            error={error}
            type="password"
            autocomplete="current-password"
            required
            maxLength={256}
            autofocus={username !== undefined}
          />
        </>
      )}
    </Form>
  );
}

function SignUp() {
  const { session } = text.value;
  const [isClosed, setClosed] = useState(false);
  const [needsInvitation, setNeedsInvitation] = useState(invitation.peek() !== undefined);
  const submit = async (values: FormData) => {
    const given = valueOf(values, "invitation").trim();
    try {
      await signUp(valueOf(values, "username"), valueOf(values, "password"), given || undefined);
    } catch (error) {
      const code = error instanceof SluiceError ? error.code : "";
      if (code === "registration_closed") return setClosed(true);
      if (code === "invitation_invalid") setNeedsInvitation(true);
      throw error;
    }
  };
  if (isClosed) return <p role="alert">{failureText(new SluiceError("registration_closed", ""))}</p>;
  return (
    <Form submit={session.signUp} fields={["username", "password", "invitation"]} onSubmit={submit}>
      {(error) => (
        <>
          <Username error={error} hint={session.usernameHint} minLength={3} />
          <Field
            name="password"
            label={session.password}
            hint={session.passwordHint}
            error={error}
            type="password"
            autocomplete="new-password"
            required
            minLength={12}
            maxLength={256}
          />
          {needsInvitation && (
            <Field
              name="invitation"
              label={session.invitation}
              hint={session.invitationHint}
              error={error}
              autocomplete="off"
              spellcheck={false}
              required
              defaultValue={invitation.peek()}
            />
          )}
        </>
      )}
    </Form>
  );
}

interface UsernameProps {
  error: unknown;
  hint?: string;
  minLength?: number;
  defaultValue?: string | undefined;
  readOnly?: boolean;
}

function Username({ error, ...input }: UsernameProps) {
  return (
    <Field
      {...input}
      name="username"
      label={text.value.session.username}
      error={error}
      autocomplete="username"
      autocapitalize="none"
      spellcheck={false}
      required
      maxLength={64}
    />
  );
}
