import type { Page, Version } from "@sluice/browser";
import { comparePaths, type FolderView, shownAs } from "../paths.js";
import { recognise } from "../search.js";

/** A query of the server's list. */
export type Query = { prefix: string; delimiter?: string } | { sha256: string } | { sha1: string };
export type Listed = Page<Version>;

/** Returns the query for a view. The scope `loaded` queries the folder, and the page filters the answer. */
export function queryFor({ folder, find, scope }: FolderView): Query {
  const search = recognise(find);
  if (search.kind === "sha256") return { sha256: search.value };
  if (search.kind === "sha1") return { sha1: search.value };
  if (search.kind === "none" || scope === "loaded") return { prefix: folder, delimiter: "/" };
  return scope === "everywhere"
    ? { prefix: search.value }
    : { prefix: folder + search.value, delimiter: "/" };
}

/** Appends a page to the list. */
export function joined(list: Listed, page: Listed): Listed {
  const prefixes = [...new Set([...list.prefixes, ...page.prefixes])];
  return { ...page, items: [...list.items, ...page.items], prefixes };
}

/** Updates a file in the list, if it belongs there. A file beyond the loaded pages is left out. */
export function withFile(list: Listed, query: Query, version: Version): Listed {
  const without = withoutFile(list, version.fileId);
  if (!("prefix" in query)) return without;
  const shown = shownAs(version.path, query.prefix, query.delimiter);
  const last = [...list.items.map((item) => item.path), ...list.prefixes].sort(comparePaths).at(-1) ?? "";
  if (shown === undefined || (list.nextCursor !== undefined && comparePaths(shown, last) > 0)) return without;
  if (shown !== version.path)
    return { ...without, prefixes: ordered([...new Set([...without.prefixes, shown])]) };
  const others = without.items.filter((item) => item.path !== version.path);
  const items = [...others, version].sort((one, other) => comparePaths(one.path, other.path));
  return { ...without, items };
}

/** Removes a file from the list. */
export function withoutFile(list: Listed, fileId: string): Listed {
  return { ...list, items: list.items.filter((item) => item.fileId !== fileId) };
}

/** Whether there is a file at the path; undefined if the list cannot tell. */
export function hasPath(list: Listed, query: Query, path: string): boolean | undefined {
  if (!("prefix" in query)) return undefined;
  const shown = shownAs(path, query.prefix, query.delimiter);
  if (list.items.some((item) => item.path === path)) return true;
  const unknown = shown === undefined || list.nextCursor !== undefined || list.prefixes.includes(shown);
  return unknown ? undefined : false;
}

/** Filters the list by a text in the names, ignoring case. */
export function containing(list: Listed, folder: string, text: string): Listed {
  const wanted = text.toLowerCase();
  const holds = (path: string) => path.slice(folder.length).toLowerCase().includes(wanted);
  return {
    ...list,
    items: list.items.filter((item) => holds(item.path)),
    prefixes: list.prefixes.filter(holds),
  };
}

function ordered(paths: string[]): string[] {
  return paths.sort(comparePaths);
}
