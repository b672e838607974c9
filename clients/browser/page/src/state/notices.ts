import { signal } from "@preact/signals";

/** A short message at the edge of the page. One with an action stays until it is used or dismissed. */
export interface Notice {
  id: number;
  message: string;
  tone: "done" | "failed";
  action?: { label: string; name: string; run: () => void };
}

const MOST_NOTICES = 3;
const SHOWN_MILLISECONDS = 8000;

export const notices = signal<Notice[]>([]);
/** What a screen reader is told next; coarse changes only. */
export const announcement = signal("");

let lastId = 0;

/** Shows a message, and has it read out. */
export function notify(notice: Omit<Notice, "id">): void {
  const id = ++lastId;
  notices.value = [...notices.value, { ...notice, id }].slice(-MOST_NOTICES);
  if (notice.tone === "done" && notice.action === undefined)
    setTimeout(() => dismiss(id), SHOWN_MILLISECONDS);
}

/** Takes a message away. */
export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

/** Has something read out without showing it. */
export function announce(message: string): void {
  // The same words again would be no change, and so would not be read: an invisible character makes them one.
  announcement.value = announcement.peek() === message ? `${message}\u00a0` : message;
}
