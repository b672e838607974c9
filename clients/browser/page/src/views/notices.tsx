import { useState } from "preact/hooks";
import { text } from "../i18n/index.js";
import { liveMessage, dismiss, dismissAll, type Notice, notices, NOTICES_SHOWN } from "../state/notices.js";
import { Icon } from "./icons.js";

/** Short messages at the edge of the page, the latest ones last. Screen readers read them out. */
export function Notices() {
  const { app } = text.value;
  const [showsAll, setShowsAll] = useState(false);
  const all = notices.value;
  const isLong = all.length > NOTICES_SHOWN;
  return (
    <div class="notices" role="status">
      {isLong && (
        <div class="notice">
          <button type="button" class="quiet" onClick={() => setShowsAll(!showsAll)}>
            {showsAll ? app.fewerNotices : app.earlierNotices(all.length - NOTICES_SHOWN)}
          </button>
          <button type="button" class="quiet" onClick={dismissAll}>
            {app.dismissAll}
          </button>
        </div>
      )}
      {(showsAll ? all : all.slice(-NOTICES_SHOWN)).map((notice) => (
        <Message key={notice.id} notice={notice} />
      ))}
    </div>
  );
}

function Message({ notice: { id, message, tone, action } }: { notice: Notice }) {
  return (
    <div class={`notice ${tone}`}>
      <Icon name={tone === "done" ? "check" : "warning"} />
      <p>{message}</p>
      {action !== undefined && (
        <button
          type="button"
          aria-label={action.name}
          onClick={() => {
            dismiss(id);
            action.run();
          }}
        >
          {action.label}
        </button>
      )}
      <button type="button" class="icon" aria-label={text.value.app.dismiss} onClick={() => dismiss(id)}>
        <Icon name="close" />
      </button>
    </div>
  );
}

/** A live region for screen readers. */
export function Live() {
  return (
    <div class="visually-hidden" role="status">
      {liveMessage.value}
    </div>
  );
}
