import { useEffect, useRef } from "preact/hooks";
import { text } from "../i18n/index.js";
import { baseName, printable } from "../names.js";
import { failureText } from "../state/failures.js";
import { folderView, invitation } from "../state/location.js";
import { session, start, startError } from "../state/session.js";
import { Dialogs } from "./dialogs.js";
import { focusSoon } from "./focus.js";
import { Header } from "./header.js";
import { Live, Notices } from "./notices.js";
import { SessionEnded, SignInPage } from "./sign-in.js";
import { Workspace } from "./workspace.js";

export function App() {
  const isSignedIn = session.value === "in" || session.value === "ended";
  const folder = folderView.value.folder;
  useFocusAfterSignIn(isSignedIn, session.value === "out");
  useEffect(() => {
    document.title = isSignedIn && folder !== "" ? `${printable(baseName(folder))} – Sluice` : "Sluice";
  }, [isSignedIn, folder]);
  return (
    <>
      <Header />
      {isSignedIn ? (
        <Workspace />
      ) : session.value === "out" ? (
        <SignInPage key={invitation.value} />
      ) : (
        <Starting />
      )}
      <Dialogs />
      {session.value === "ended" && <SessionEnded />}
      <Notices />
      <Live />
    </>
  );
}

/**
 * Moves focus after a sign-in, because the form that had it is gone. Without a sign-in, focus stays as it is.
 */
function useFocusAfterSignIn(isSignedIn: boolean, isSignedOut: boolean) {
  const wasSignedOut = useRef(false);
  useEffect(() => {
    if (isSignedIn && wasSignedOut.current) focusSoon("#files");
    wasSignedOut.current = isSignedOut;
  }, [isSignedIn, isSignedOut]);
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
