import { signal } from "@preact/signals";
import type { Version } from "@sluice/browser";

/** The dialog that is open. */
export type OpenDialog =
  { kind: "rename" | "versions"; version: Version } | { kind: "storage" | "cancel-all" | "leave" };

export const dialog = signal<OpenDialog | undefined>(undefined);

/** Closes it; focus goes back to where it was. */
export function closeDialog(): void {
  dialog.value = undefined;
}
