import { signal } from "@preact/signals";
import type { Version } from "@sluice/browser";
import type { Group } from "./groups.js";

/** Which dialog is open, and its subject. */
export type OpenDialog =
  | { kind: "rename" | "versions"; version: Version }
  | { kind: "give-up"; group: Group }
  | { kind: "account" | "storage" | "cancel-all" | "leave" };

export const dialog = signal<OpenDialog | undefined>(undefined);

/** Closes the dialog. Focus returns to where it was. */
export function closeDialog(): void {
  dialog.value = undefined;
}
