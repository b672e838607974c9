import { signal } from "@preact/signals";

/** A short message at the edge of the page. With an action it stays until it is used or dismissed. */
export interface Notice {
  id: number;
  message: string;
  tone: "done" | "failed";
  action?: { label: string; name: string; run: () => void };
}

const NOTICES_MAX = 3;
const SHOWN_MILLISECONDS = 8000;

export const notices = signal<Notice[]>([]);
/** The text for screen readers (a live region). Only coarse changes go here. */
export const liveMessage = signal("");

let lastId = 0;

/** Shows a message. Screen readers read it out. */
export function notify(notice: Omit<Notice, "id">): void {
  const id = ++lastId;
  notices.value = [...notices.value, { ...notice, id }].slice(-NOTICES_MAX);
  if (notice.tone === "done" && notice.action === undefined)
    setTimeout(() => dismiss(id), SHOWN_MILLISECONDS);
}
export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

/** Makes screen readers read a text that is not shown. */
export function readOut(message: string): void {
  // Screen readers ignore an unchanged text. An invisible character makes it differ.
  liveMessage.value = liveMessage.peek() === message ? `${message}\u00a0` : message;
}
