import { computed, effect, signal } from "@preact/signals";
import { abandon, type UnfinishedUpload, unfinished } from "@sluice/browser";
import { failureText } from "./failures.js";
import { notify } from "./notices.js";
import { entries, stateOf } from "./queue.js";
import { connection, session } from "./session.js";

/** The account's open uploads, as last listed. */
const open = signal<UnfinishedUpload[]>([]);

/** Open uploads without a row in the queue. */
export const waitingForFile = computed(() => {
  // A failed upload can be retried in its own row.
  const rows = entries.value.filter(
    (entry) => !["available", "aborted"].includes(entry.state.value.progress.phase),
  );
  const ids = new Set(rows.map((entry) => entry.state.value.progress.uploadId ?? entry.uploadId));
  const paths = new Set(rows.map((entry) => entry.path));
  return open.value.filter((upload) => !ids.has(upload.uploadId) && !paths.has(upload.path));
});

/** Loads the list again. */
export async function refreshUnfinished(): Promise<void> {
  try {
    open.value = await unfinished(connection);
  } catch {
    // Then the list stays out of date. The list of files reports the failure.
  }
}

/** Aborts an upload; the server discards its parts. */
export async function abandonUpload(upload: UnfinishedUpload): Promise<void> {
  try {
    await abandon(connection, upload.uploadId);
    open.value = open.peek().filter((other) => other !== upload);
  } catch (error) {
    notify({ tone: "failed", message: failureText(error) });
    await refreshUnfinished();
  }
}

/** Removes uploads that have become available. */
export function forgetFinished(): void {
  const done = new Set(
    entries
      .peek()
      .filter((entry) => stateOf(entry).result !== undefined)
      .map((entry) => stateOf(entry).progress.uploadId),
  );
  open.value = open.peek().filter((upload) => !done.has(upload.uploadId));
}

effect(() => {
  if (session.value === "in") void refreshUnfinished();
});

addEventListener("online", () => {
  if (session.peek() === "in") void refreshUnfinished();
});
