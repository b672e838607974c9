import { computed, effect, signal } from "@preact/signals";
import { listFiles, type Version } from "@sluice/browser";
import { recognise } from "../search.js";
import { containing, joined, type Listed, liesThere, queryFor, withFile, withoutFile } from "./listed.js";
import { place } from "./location.js";
import { connection, session } from "./session.js";

const PAGE_SIZE = 100;
const NOTHING: Listed = { items: [], prefixes: [] };

/** What the server has listed so far. */
export const list = signal<Listed>(NOTHING);
export const listState = signal<"loading" | "ready" | "failed">("loading");
export const listError = signal<unknown>(undefined);

/** What is shown: the list, or the part of it that holds the search text. */
export const shownList = computed(() => {
  const { folder, find, way } = place.value;
  const filtering = way === "loaded" && recognise(find).kind === "text";
  return filtering ? containing(list.value, folder, find) : list.value;
});

const query = computed(() => JSON.stringify(queryFor(place.value)));
let latestLoad = 0;
let loadedQuery: string | undefined;

/** Loads the list of the present place, or its next page. An answer that comes after the place has changed is dropped. */
export async function load(more = false): Promise<void> {
  const number = ++latestLoad;
  const before = more ? list.peek() : NOTHING;
  listState.value = "loading";
  try {
    const page = await listFiles(connection, JSON.parse(query.peek()), {
      limit: PAGE_SIZE,
      cursor: before.nextCursor,
    });
    if (number !== latestLoad) return;
    list.value = more ? joined(list.peek(), page) : page;
    listState.value = "ready";
  } catch (error) {
    if (number !== latestLoad) return;
    listError.value = error;
    listState.value = "failed";
  }
}

effect(() => {
  if (session.value !== "in" && session.peek() !== "ended") return;
  if (query.value !== loadedQuery) {
    loadedQuery = query.peek();
    list.value = NOTHING;
    void load();
  }
});
/** Puts files into the list as they are now, without asking the server. */
export function showFiles(versions: Version[]): void {
  list.value = versions.reduce(
    (shown, version) => withFile(shown, JSON.parse(query.peek()), version),
    list.peek(),
  );
}

/** Takes a file out of the list. */
export function hideFile(fileId: string): void {
  list.value = withoutFile(list.peek(), fileId);
}

/** Whether a file is known to lie at the path. */
export function isKnown(path: string): boolean {
  return listState.peek() === "ready" && liesThere(list.peek(), JSON.parse(query.peek()), path) === true;
}
