import { computed, effect, signal } from "@preact/signals";
import { abandon, type Unfinished, unfinished } from "@sluice/browser";
import { failureText } from "./failures.js";
import { notify } from "./notices.js";
import { entries, stateOf } from "./queue.js";
import { connection, session } from "./session.js";

/** The account's open uploads, as the server last told. */
const open = signal<Unfinished[]>([]);

/** Those that no row of this page is sending. */
export const waitingForFile = computed(() => {
  // A failed one can be tried again in its own row.
  const rows = entries.value.filter(
    (entry) => !["available", "aborted"].includes(entry.state.value.progress.phase),
  );
  const ids = new Set(rows.map((entry) => entry.state.value.progress.uploadId ?? entry.uploadId));
  const paths = new Set(rows.map((entry) => entry.path));
  return open.value.filter((upload) => !ids.has(upload.uploadId) && !paths.has(upload.path));
});

/** Asks the server anew. */
export async function refreshUnfinished(): Promise<void> {
  try {
    open.value = await unfinished(connection);
  } catch {
    // What is shown is then as old as it is: the list of files tells of the failure.
  }
}

/** Gives one up: its parts are freed. */
export async function giveUp(upload: Unfinished): Promise<void> {
  try {
    await abandon(connection, upload.uploadId);
    open.value = open.peek().filter((other) => other !== upload);
  } catch (error) {
    notify({ tone: "failed", message: failureText(error) });
    await refreshUnfinished();
  }
}

/** Takes those off the list that have become available. */
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
