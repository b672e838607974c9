import { signal } from "@preact/signals";
import { hashToPlace, type Place, placeToHash } from "../paths.js";

/** Where one is; the address bar says the same, so that "back", reload and bookmarks work. */
export const place = signal<Place>(hashToPlace(location.hash));

addEventListener("hashchange", () => {
  place.value = hashToPlace(location.hash);
});

/** Goes somewhere else. */
export function goTo(change: Partial<Place>): void {
  location.hash = placeToHash({ ...place.peek(), ...change });
}

/** Goes to a folder, and leaves the search. */
export function openFolder(folder: string): void {
  goTo({ folder, find: "" });
}
