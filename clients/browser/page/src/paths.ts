/** How the search text is used. `loaded` filters what the list holds and asks the server nothing. */
export const SEARCH_WAYS = ["folder", "everywhere", "loaded"] as const;
export type SearchWay = (typeof SEARCH_WAYS)[number];

/** Where one is: a folder (empty, or ending in `/`), and what is looked for there. */
export interface Place {
  folder: string;
  find: string;
  way: SearchWay;
}

/** A step of the way to a folder. */
export interface Crumb {
  name: string;
  folder: string;
}

/** `a/b/` is the steps `a` and `b`; the top is none. */
export function crumbs(folder: string): Crumb[] {
  const names = folder.split("/").slice(0, -1);
  return names.map((name, index) => ({ name, folder: `${names.slice(0, index + 1).join("/")}/` }));
}

/** The part of the address behind `#`. */
export function placeToHash({ folder, find, way }: Place): string {
  const path = folder.split("/").map(encodeURIComponent).join("/");
  const query = find === "" ? "" : `?${new URLSearchParams({ find, in: way })}`;
  return `#/${path}${query}`;
}

/** Reads what `placeToHash` wrote. What cannot be read is the top. */
export function hashToPlace(hash: string): Place {
  const [path = "", query = ""] = splitOnce(hash.replace(/^#\/?/, ""), "?");
  const parameters = new URLSearchParams(query);
  const way = SEARCH_WAYS.find((known) => known === parameters.get("in")) ?? "folder";
  return { folder: decodedFolder(path), find: parameters.get("find") ?? "", way };
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
const MOST_PATH_BYTES = 990;

/** Why the server would refuse a path, or undefined if it is fine. */
export function pathProblem(path: string): PathProblem | undefined {
  if (path === "") return "empty";
  if (path.split("/").some((name) => name === "" || name === "." || name === "..")) return "segment";
  if (/\p{Cc}/u.test(path)) return "control";
  if (new TextEncoder().encode(path).length > MOST_PATH_BYTES) return "long";
  return undefined;
}

/** Orders paths as the server does: by their UTF-8 bytes, which is by code points. */
export function comparePaths(one: string, other: string): number {
  const [left, right] = [one[Symbol.iterator](), other[Symbol.iterator]()];
  for (;;) {
    const [a, b] = [left.next(), right.next()];
    if (a.done || b.done) return Number(Boolean(b.done)) === Number(Boolean(a.done)) ? 0 : a.done ? -1 : 1;
    const difference = (a.value.codePointAt(0) ?? 0) - (b.value.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
}

/**
 * As what a list with this prefix (and, gathered by folders, this delimiter) shows a path: itself, the folder that it is
 * gathered into, or not at all.
 */
export function shownAs(path: string, prefix: string, delimiter?: string): string | undefined {
  if (!path.startsWith(prefix)) return undefined;
  const at = delimiter === undefined ? -1 : path.indexOf(delimiter, prefix.length);
  return at < 0 ? path : path.slice(0, at + 1);
}
