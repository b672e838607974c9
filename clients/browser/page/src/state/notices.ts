import { signal } from "@preact/signals";

/** A short message at the edge of the page. With an action it stays until it is used or dismissed. */
export interface Notice {
  id: number;
  message: string;
  tone: "done" | "failed";
  action?: { label: string; name: string; run: () => void };
}

/** Most messages without an action. */
const PLAIN_MAX = 3;
/** How many messages are shown unless the user asks for all. */
export const NOTICES_SHOWN = 3;
const SHOWN_MILLISECONDS = 8000;

export const notices = signal<Notice[]>([]);
/** The text for screen readers (a live region). Only coarse changes go here. */
export const liveMessage = signal("");

let lastId = 0;

/** Shows a message. Screen readers read it out. Only the last ones without an action are kept. */
export function notify(notice: Omit<Notice, "id">): void {
  const id = ++lastId;
  const all = [...notices.value, { ...notice, id }];
  const plain = all.filter(({ action }) => action === undefined).slice(-PLAIN_MAX);
  notices.value = all.filter((one) => one.action !== undefined || plain.includes(one));
  if (notice.tone === "done" && notice.action === undefined)
    setTimeout(() => dismiss(id), SHOWN_MILLISECONDS);
}

/** Removes a message. */
export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

/** Removes all messages. */
export function dismissAll(): void {
  notices.value = [];
}

/** Makes screen readers read a text that is not shown. */
export function readOut(message: string): void {
  // Screen readers ignore an unchanged text. An invisible character makes it differ.
  liveMessage.value = liveMessage.peek() === message ? `${message}\u00a0` : message;
}
