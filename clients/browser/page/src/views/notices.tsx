import { text } from "../i18n/index.js";
import { liveMessage, dismiss, notices } from "../state/notices.js";
import { Icon } from "./icons.js";

/** Short messages at the edge of the page. Screen readers read them out. */
export function Notices() {
  const { app } = text.value;
  return (
    <div class="notices" role="status">
      {notices.value.map(({ id, message, tone, action }) => (
        <div key={id} class={`notice ${tone}`}>
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
          <button type="button" class="icon" aria-label={app.dismiss} onClick={() => dismiss(id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
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
