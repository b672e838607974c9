import { useEffect, useRef } from "preact/hooks";
import { text } from "../i18n/index.js";
import { baseName, printable } from "../names.js";
import { failureText } from "../state/failures.js";
import { place } from "../state/location.js";
import { session, start, startError } from "../state/session.js";
import { Dialogs } from "./dialogs.js";
import { focusSoon } from "./focus.js";
import { Header } from "./header.js";
import { Live, Notices } from "./notices.js";
import { SessionEnded, SignInPage } from "./sign-in.js";
import { Workspace } from "./workspace.js";

/** The whole page. */
export function App() {
  const inside = session.value === "in" || session.value === "ended";
  const folder = place.value.folder;
  useFocusAfterSignIn(inside, session.value === "out");
  useEffect(() => {
    document.title = inside && folder !== "" ? `${printable(baseName(folder))} – Sluice` : "Sluice";
  }, [inside, folder]);
  return (
    <>
      <Header />
      {inside ? <Workspace /> : session.value === "out" ? <SignInPage /> : <Starting />}
      <Dialogs />
      {session.value === "ended" && <SessionEnded />}
      <Notices />
      <Live />
    </>
  );
}

/** The form that had focus is gone then. On arriving with a session, focus is left where the browser puts it. */
function useFocusAfterSignIn(inside: boolean, outside: boolean) {
  const wasOutside = useRef(false);
  useEffect(() => {
    if (inside && wasOutside.current) focusSoon("#files");
    wasOutside.current = outside;
  }, [inside, outside]);
}

function Starting() {
  const { app } = text.value;
  if (startError.value === undefined) {
    return (
      <main class="centred">
        <p class="muted">{app.loading}</p>
      </main>
    );
  }
  return (
    <main class="centred">
      <div class="card narrow" role="alert">
        <p>{failureText(startError.value)}</p>
        <button type="button" class="primary" onClick={() => void start()}>
          {app.retry}
        </button>
      </div>
    </main>
  );
}
