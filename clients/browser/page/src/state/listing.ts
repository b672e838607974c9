import { computed, effect, signal } from "@preact/signals";
import { listFiles, type Version } from "@sluice/browser";
import { recognise } from "../search.js";
import { forgetKeys } from "./keys.js";
import { containing, joined, type Listed, hasPath, queryFor, withFile, withoutFile } from "./listed.js";
import { folderView } from "./location.js";
import { connection, session } from "./session.js";

const PAGE_SIZE = 100;
const NOTHING: Listed = { items: [], prefixes: [] };

/** The pages loaded so far. */
export const list = signal<Listed>(NOTHING);
export const listState = signal<"loading" | "ready" | "failed">("loading");
export const listError = signal<unknown>(undefined);

/** The list as shown: all of it, or the entries that contain the search text. */
export const shownList = computed(() => {
  const { folder, find, scope } = folderView.value;
  const filtering = scope === "loaded" && recognise(find).kind === "text";
  return filtering ? containing(list.value, folder, find) : list.value;
});

const query = computed(() => JSON.stringify(queryFor(folderView.value)));
let latestLoad = 0;
let latestIsMore = false;
let loadedQuery: string | undefined;

/** Loads the current list, or its next page. Drops an answer that arrives after the view has changed. */
export async function load(more = false): Promise<void> {
  const number = ++latestLoad;
  latestIsMore = more;
  if (!more) forgetKeys();
  let page = more ? list.peek() : NOTHING;
  listState.value = "loading";
  try {
    // The server ends a page early rather than search long, even if it has found nothing yet.
    do {
      page = await listFiles(connection, JSON.parse(query.peek()), {
        limit: PAGE_SIZE,
        cursor: page.nextCursor,
      });
      if (number !== latestLoad) return;
    } while (page.nextCursor !== undefined && page.items.length + page.prefixes.length === 0);
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

addEventListener("online", () => {
  if (listState.peek() === "failed") void load(latestIsMore);
});

/** Updates files in the list without asking the server. */
export function showFiles(versions: Version[]): void {
  list.value = versions.reduce(
    (shown, version) => withFile(shown, JSON.parse(query.peek()), version),
    list.peek(),
  );
}

/** Removes a file from the list. */
export function hideFile(fileId: string): void {
  list.value = withoutFile(list.peek(), fileId);
}

/** Whether the list shows a file at the path. */
export function isListed(path: string): boolean {
  return listState.peek() === "ready" && hasPath(list.peek(), JSON.parse(query.peek()), path) === true;
}
