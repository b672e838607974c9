/** What the search covers. `loaded` filters the loaded list without asking the server. */
export const SEARCH_SCOPES = ["folder", "everywhere", "loaded"] as const;
export type SearchScope = (typeof SEARCH_SCOPES)[number];

/** What the file list shows: a folder (empty, or ending in `/`), and a search. */
export interface FolderView {
  folder: string;
  find: string;
  scope: SearchScope;
}

/** A step of a breadcrumb. */
export interface Crumb {
  name: string;
  folder: string;
}

/** Splits `a/b/` into the steps `a` and `b`. The top level has none. */
export function crumbs(folder: string): Crumb[] {
  const names = folder.split("/").slice(0, -1);
  return names.map((name, index) => ({ name, folder: `${names.slice(0, index + 1).join("/")}/` }));
}

/** Returns the fragment of the address, with its `#`. */
export function viewToHash({ folder, find, scope }: FolderView): string {
  const path = folder.split("/").map(encodeURIComponent).join("/");
  const query = find === "" ? "" : `?${new URLSearchParams({ find, in: scope })}`;
  return `#/${path}${query}`;
}

/** Parses what `viewToHash` returns. Anything invalid becomes the top level. */
export function hashToView(hash: string): FolderView {
  const [path = "", query = ""] = splitOnce(hash.replace(/^#\/?/, ""), "?");
  const parameters = new URLSearchParams(query);
  const scope = SEARCH_SCOPES.find((candidate) => candidate === parameters.get("in")) ?? "folder";
  return { folder: decodedFolder(path), find: parameters.get("find") ?? "", scope };
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

function decodedFolder(path: string): string {
  try {
    const names = path.split("/").filter((name) => name !== "");
    return names.map((name) => `${decodeURIComponent(name)}/`).join("");
  } catch {
    return "";
  }
}

export type PathProblem = "empty" | "segment" | "control" | "long";
const PATH_MAX_BYTES = 990;

/** Returns why the server would refuse a path; undefined if it would not. */
export function pathProblem(path: string): PathProblem | undefined {
  if (path === "") return "empty";
  if (path.split("/").some((name) => name === "" || name === "." || name === "..")) return "segment";
  if (/\p{Cc}/u.test(path)) return "control";
  if (new TextEncoder().encode(path).length > PATH_MAX_BYTES) return "long";
  return undefined;
}

/** Compares paths as the server does: by UTF-8 bytes, which is the order of code points. */
export function comparePaths(one: string, other: string): number {
  const left = one[Symbol.iterator]();
  const right = other[Symbol.iterator]();
  for (;;) {
    const a = left.next();
    const b = right.next();
    if (a.done || b.done) return Number(Boolean(b.done)) === Number(Boolean(a.done)) ? 0 : a.done ? -1 : 1;
    const difference = (a.value.codePointAt(0) ?? 0) - (b.value.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
}

/**
 * Returns how a list with this prefix and delimiter shows a path: as itself, as the folder that contains it,
 * or not at all.
 */
export function shownAs(path: string, prefix: string, delimiter?: string): string | undefined {
  if (!path.startsWith(prefix)) return undefined;
  const at = delimiter === undefined ? -1 : path.indexOf(delimiter, prefix.length);
  return at < 0 ? path : path.slice(0, at + 1);
}
