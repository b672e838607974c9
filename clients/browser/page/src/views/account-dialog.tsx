import {
  changePassword,
  endOtherSessions,
  endSession,
  listSessions,
  type SessionInfo,
} from "@sluice/browser";
import { useEffect, useState } from "preact/hooks";
import { text } from "../i18n/index.js";
import { printable } from "../names.js";
import { programName } from "../program.js";
import { closeDialog, dialog } from "../state/dialog.js";
import { failureText } from "../state/failures.js";
import { notify } from "../state/notices.js";
import { connection, me, takenBytes } from "../state/session.js";
import { Dialog } from "./dialog.js";
import { Field } from "./field.js";
import { Form } from "./form.js";

/** The account: how much it holds, its password and its sessions. */
export function AccountDialog() {
  const words = text.value.account;
  const [sessions, setSessions] = useState<SessionInfo[] | undefined>(undefined);
  const [error, setError] = useState<unknown>(undefined);
  const act = async (action: () => Promise<void>) => {
    setError(undefined);
    try {
      await action();
      setSessions(await listSessions(connection));
    } catch (failure) {
      setError(failure);
    }
  };
  useEffect(() => void act(async () => {}), []);
  const change = async (values: FormData) => {
    await changePassword(connection, String(values.get("password")), String(values.get("new_password")));
    notify({ tone: "done", message: words.changed });
    void act(async () => {});
  };
  return (
    <Dialog title={words.title} onClose={closeDialog}>
      <Storage />
      <section class="part">
        <h3>{words.passwordTitle}</h3>
        <Form submit={words.change} fields={["password", "new_password"]} onSubmit={change}>
          {(failure) => <PasswordFields error={failure} />}
        </Form>
      </section>
      <section class="part">
        <h3 id="sessions-title">{words.sessions}</h3>
        <p class="error" role="alert">
          {error !== undefined && failureText(error)}
        </p>
        {sessions === undefined && error === undefined && <p class="muted">{text.value.app.loading}</p>}
        {sessions !== undefined && <Sessions sessions={sessions} act={act} />}
      </section>
    </Dialog>
  );
}

function Storage() {
  const words = text.value.account;
  if (me.value === undefined) return null;
  const { username, quotaBytes } = me.value;
  return (
    <section class="part">
      <p>{words.signedInAs(username)}</p>
      <div class="buttons">
        <p>{words.storage(takenBytes(me.value), quotaBytes)}</p>
        <button
          type="button"
          class="quiet"
          onClick={() => {
            dialog.value = { kind: "storage" };
          }}
        >
          {words.storageDetails}
        </button>
      </div>
    </section>
  );
}

function PasswordFields({ error }: { error: unknown }) {
  const { account: words, session } = text.value;
  return (
    <>
      {/* Password managers file the new password under this name. */}
      <input type="text" autocomplete="username" hidden readOnly value={me.value?.username ?? ""} />
      <Field
        name="password"
        label={words.present}
        error={error}
        type="password"
        autocomplete="current-password"
        required
        maxLength={256}
      />
      <Field
        name="new_password"
        label={words.chosen}
        hint={session.passwordHint}
        error={error}
        type="password"
        autocomplete="new-password"
        required
        minLength={12}
        maxLength={256}
      />
    </>
  );
}

interface SessionsProps {
  sessions: SessionInfo[];
  /** Does something with sessions, then lists them again. */
  act: (action: () => Promise<void>) => Promise<void>;
}

function Sessions({ sessions, act }: SessionsProps) {
  const words = text.value.account;
  const end = (session: SessionInfo) =>
    void act(async () => {
      await endSession(connection, session.sessionId);
      notify({ tone: "done", message: words.ended });
    });
  const endOthers = () =>
    void act(async () => {
      await endOtherSessions(connection);
      notify({ tone: "done", message: words.othersEnded });
    });
  return (
    <>
      <ul class="versions" aria-labelledby="sessions-title">
        {sessions.map((session) => (
          <SessionRow key={session.sessionId} session={session} onEnd={() => end(session)} />
        ))}
      </ul>
      {sessions.length > 1 && (
        <button type="button" onClick={endOthers}>
          {words.endOthers}
        </button>
      )}
    </>
  );
}

function SessionRow({ session, onEnd }: { session: SessionInfo; onEnd: () => void }) {
  const words = text.value.account;
  const { client, address, createdAt, current } = session;
  const program = client ? programName(client) : words.unknownProgram;
  return (
    <li>
      <div class="version-head">
        <p title={printable(client ?? "")}>
          <bdi>{printable(program)}</bdi>
          {current && <span class="tag strong">{words.this}</span>}
        </p>
        {!current && (
          <button type="button" aria-label={words.endNamed(program, createdAt)} onClick={onEnd}>
            {words.end}
          </button>
        )}
      </div>
      <p class="muted">
        {words.began(createdAt)}
        {address && ` · ${words.from(address)}`}
      </p>
    </li>
  );
}
