import { signal } from "@preact/signals";
import { hashToView, type FolderView, viewToHash } from "../paths.js";

const INVITATION = /^#invitation=([^&]+)$/;

/** The invitation in the address, which the operator sent as a link. */
export const invitation = signal(takeInvitation());

/** Takes the invitation out of the address, so that it is in no history and on no screen. */
function takeInvitation(): string | undefined {
  const [, found] = INVITATION.exec(location.hash) ?? [];
  if (found !== undefined) history.replaceState(null, "", location.pathname);
  return found;
}

/** What the file list shows. The address bar says the same, so that "back", reload and bookmarks work. */
export const folderView = signal<FolderView>(hashToView(location.hash));

addEventListener("hashchange", () => {
  invitation.value = takeInvitation() ?? invitation.peek();
  folderView.value = hashToView(location.hash);
});

/** Changes what the file list shows. */
export function goTo(change: Partial<FolderView>): void {
  location.hash = viewToHash({ ...folderView.peek(), ...change });
}

/** Opens a folder and ends the search. */
export function openFolder(folder: string): void {
  goTo({ folder, find: "" });
}
