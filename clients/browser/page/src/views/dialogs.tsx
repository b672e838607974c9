import { text } from "../i18n/index.js";
import { closeDialog, dialog } from "../state/dialog.js";
import { failureText } from "../state/failures.js";
import { type Group, sumsOf } from "../state/groups.js";
import { notify } from "../state/notices.js";
import { totals } from "../state/queue.js";
import { signOut } from "../state/session.js";
import { giveUp } from "../state/unfinished.js";
import { cancelAll } from "../state/uploads.js";
import { AccountDialog } from "./account-dialog.js";
import { Dialog } from "./dialog.js";
import { RenameDialog } from "./rename-dialog.js";
import { StorageDialog } from "./storage-dialog.js";
import { VersionsDialog } from "./versions-dialog.js";

/** Renders the open dialog, if there is one. */
export function Dialogs() {
  const open = dialog.value;
  switch (open?.kind) {
    case undefined:
      return null;
    case "rename":
      return <RenameDialog version={open.version} />;
    case "versions":
      return <VersionsDialog version={open.version} />;
    case "account":
      return <AccountDialog />;
    case "storage":
      return <StorageDialog />;
    case "cancel-all":
      return <CancelAll />;
    case "give-up":
      return <GiveUp group={open.group} />;
    case "leave":
      return <Leave />;
  }
}

function CancelAll() {
  const { queue } = text.value;
  return (
    <Question
      title={queue.cancelAllTitle}
      question={queue.cancelAllText(totals.value.active + totals.value.paused)}
      yes={queue.cancelAll}
      no={queue.keepUploading}
      onYes={cancelAll}
    />
  );
}

function GiveUp({ group }: { group: Group }) {
  const { unfinished } = text.value;
  return (
    <Question
      title={unfinished.giveUpTitle}
      question={unfinished.giveUpText(group.files.length, sumsOf(group).keptBytes)}
      yes={unfinished.giveUp}
      no={unfinished.keep}
      onYes={() => void giveUp(group)}
    />
  );
}

function Leave() {
  const { session, queue } = text.value;
  return (
    <Question
      title={session.leaveTitle}
      question={session.leave(totals.value.active + totals.value.paused)}
      yes={session.signOut}
      no={queue.keepUploading}
      onYes={() => {
        signOut().catch((error) => notify({ tone: "failed", message: failureText(error) }));
      }}
    />
  );
}

function Question(props: { title: string; question: string; yes: string; no: string; onYes: () => void }) {
  const confirm = () => {
    closeDialog();
    props.onYes();
  };
  return (
    <Dialog title={props.title} onClose={closeDialog}>
      <p>{props.question}</p>
      <div class="buttons end">
        <button type="button" onClick={confirm}>
          {props.yes}
        </button>
        <button type="button" class="primary" onClick={closeDialog}>
          {props.no}
        </button>
      </div>
    </Dialog>
  );
}
