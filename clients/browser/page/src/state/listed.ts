import type { Page, Version } from "@sluice/browser";
import { comparePaths, type Place, shownAs } from "../paths.js";
import { recognise } from "../search.js";

/** What is asked of the server. */
export type Query = { prefix: string; delimiter?: string } | { sha256: string } | { sha1: string };
export type Listed = Page<Version>;

/** The query that shows a place. The way `loaded` asks for the folder, and the answer is filtered here. */
export function queryFor({ folder, find, way }: Place): Query {
  const search = recognise(find);
  if (search.kind === "sha256") return { sha256: search.value };
  if (search.kind === "sha1") return { sha1: search.value };
  if (search.kind === "none" || way === "loaded") return { prefix: folder, delimiter: "/" };
  return way === "everywhere" ? { prefix: search.value } : { prefix: folder + search.value, delimiter: "/" };
}

/** The list with a page more. */
export function joined(list: Listed, page: Listed): Listed {
  const prefixes = [...new Set([...list.prefixes, ...page.prefixes])];
  return { ...page, items: [...list.items, ...page.items], prefixes };
}

/** The list with a file as it is now, if it belongs there; what lies beyond the pages that are loaded is left out. */
export function withFile(list: Listed, query: Query, version: Version): Listed {
  const without = withoutFile(list, version.file_id);
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

/** The list without a file. */
export function withoutFile(list: Listed, fileId: string): Listed {
  return { ...list, items: list.items.filter((item) => item.file_id !== fileId) };
}

/** Whether a file lies at the path; undefined if the list cannot tell. */
export function liesThere(list: Listed, query: Query, path: string): boolean | undefined {
  if (!("prefix" in query)) return undefined;
  const shown = shownAs(path, query.prefix, query.delimiter);
  if (list.items.some((item) => item.path === path)) return true;
  const unknown = shown === undefined || list.nextCursor !== undefined || list.prefixes.includes(shown);
  return unknown ? undefined : false;
}

/** The entries whose names hold the text, whatever their case. */
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
