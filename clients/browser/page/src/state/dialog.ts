import { signal } from "@preact/signals";
import type { Version } from "@sluice/browser";

/** Which dialog is open, and its subject. */
export type OpenDialog =
  { kind: "rename" | "versions"; version: Version } | { kind: "storage" | "cancel-all" | "leave" };

export const dialog = signal<OpenDialog | undefined>(undefined);

/** Closes the dialog. Focus returns to where it was. */
export function closeDialog(): void {
  dialog.value = undefined;
}
