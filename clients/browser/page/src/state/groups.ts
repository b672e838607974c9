import type { UnfinishedUpload, Version } from "@sluice/browser";
import type { Drop } from "./database.js";
import type { OpenDrop } from "./drops.js";

/** A file that is not available yet. */
export interface MissingFile {
  path: string;
  /** In bytes. */
  size: number;
  /** The upload that was begun for it; absent if none was. */
  upload?: UnfinishedUpload | undefined;
}

/** Unfinished files that belong together: those of a drop, or those that began elsewhere in one folder. */
export interface Group {
  key: string;
  /** The name of the folder that holds all of them; empty if there is none. */
  name: string;
  /** Absent if the files were not added in this browser, or the browser has not noted that. */
  drop?: Drop;
  /** Whether the files were added in this browser. */
  isOwn: boolean;
  files: MissingFile[];
}

/** Groups files that were added together. Both lists begin with the latest. */
export function groupsOf(drops: OpenDrop[], uploads: UnfinishedUpload[]): Group[] {
  // Of several uploads of a file, the latest counts. The others expire.
  const uploadOf = new Map([...uploads].reverse().map((upload) => [identity(upload), upload]));
  const groups: Group[] = [];
  for (const { drop, files } of drops) {
    const missing = files
      .map(({ path, size }) => ({ path, size, upload: uploadOf.get(identity({ path, size })) }))
      .filter(({ upload }) => upload?.state !== "pending");
    for (const file of files) uploadOf.delete(identity(file));
    groups.push({ key: drop.id, name: drop.root ?? "", drop, isOwn: true, files: missing });
  }
  const others = [...uploadOf.values()].reverse().filter(({ state }) => state === "open");
  for (const upload of others) {
    const { path, size } = upload;
    const isOwn = isBegunHere({ upload });
    const name = path.includes("/") ? path.slice(0, path.indexOf("/")) : "";
    const key = `${isOwn ? "own" : "other"}:${name}`;
    let group = groups.find((one) => one.key === key);
    if (group === undefined) groups.push((group = { key, name, isOwn, files: [] }));
    group.files.push({ path, size, upload });
  }
  return groups.filter(({ files }) => files.length > 0);
}

/** Whether this browser began the upload: another client may send the same file of a drop, too. */
export function isBegunHere({ upload }: Pick<MissingFile, "upload">): boolean {
  return upload?.pickedFile !== undefined;
}

/** Returns a group without the files that `isGone` finds; undefined if none is left. */
export function without(group: Group, isGone: (file: MissingFile) => boolean): Group | undefined {
  const files = group.files.filter((file) => !isGone(file));
  return files.length === 0 ? undefined : files.length === group.files.length ? group : { ...group, files };
}

function identity({ path, size }: { path: string; size: number }): string {
  return `${size}/${path}`;
}

/**
 * Returns a function that finds the missing file that a chosen file is, by its size and its path in what was
 * chosen. That path is the end of the missing file's path.
 */
export function matcher(group: Group): (path: string, size: number) => MissingFile | undefined {
  const byEnd = new Map<string, MissingFile[]>();
  for (const file of group.files) {
    for (let path = file.path; path !== ""; path = below(path)) {
      const key = identity({ path, size: file.size });
      const same = byEnd.get(key);
      if (same === undefined) byEnd.set(key, [file]);
      else same.push(file);
    }
  }
  const folder = group.drop?.folder ?? "";
  const find = (path: string, size: number) => {
    const found = byEnd.get(identity({ path, size })) ?? [];
    return found.find((file) => file.path === folder + path) ?? (found.length === 1 ? found[0] : undefined);
  };
  if (group.drop !== undefined) return find;
  // The folder on disk may have another name than the one in the account.
  return (path, size) => find(path, size) ?? find(below(path), size);
}

/** Returns a path without its first folder; empty if it has none. */
function below(path: string): string {
  const slash = path.indexOf("/");
  return slash < 0 ? "" : path.slice(slash + 1);
}

/** Returns what all paths of a group begin with. */
export function commonPrefix({ files }: Group): string {
  const paths = files.map(({ path }) => path).sort();
  const first = paths[0] ?? "";
  const last = paths.at(-1) ?? "";
  let length = 0;
  while (length < first.length && first[length] === last[length]) length += 1;
  // Half of a character is no prefix.
  return /[\ud800-\udbff]$/.test(first.slice(0, length))
    ? first.slice(0, length - 1)
    : first.slice(0, length);
}

/** Whether the current version at its path makes a missing file needless: the path was uploaded otherwise. */
export function isReplacedBy(
  { size, upload }: MissingFile,
  drop: Drop | undefined,
  version: Version,
): boolean {
  if (upload !== undefined) return version.versionId > upload.versionId;
  return drop !== undefined && version.size === size && Date.parse(version.createdAt) >= drop.begunAt;
}

/** Whether a folder has to be chosen to continue a group, rather than files. */
export function needsFolder({ files, drop }: Group): boolean {
  if (drop === undefined && files.length === 1) return false;
  const folder = drop?.folder ?? "";
  return files.some(({ path }) => path.slice(folder.length).includes("/"));
}

/** The sums of a group. Bytes on the server are those of its uploads that the server was asked about. */
export function sumsOf({ files, drop }: Group) {
  const done = drop?.done ?? { count: 0, bytes: 0 };
  const size = files.reduce((sum, file) => sum + file.size, 0);
  const kept = files.reduce((sum, { upload }) => sum + (upload?.receivedBytes ?? 0), 0);
  const expiring = files.flatMap(({ upload }) =>
    upload !== undefined && (upload.receivedBytes ?? 0) > 0 ? [upload.expiresAt.getTime()] : [],
  );
  return {
    count: done.count + files.length,
    doneCount: done.count,
    size: done.bytes + size,
    sentBytes: done.bytes + kept,
    keptBytes: kept,
    keptUntil: expiring.length > 0 ? new Date(Math.min(...expiring)) : undefined,
    begun: files.filter(({ upload }) => upload !== undefined).length,
  };
}

/** Returns the path of a group's only file, or of the folder that holds all; undefined if it has neither. */
export function pathOf({ name, files, drop }: Group): string | undefined {
  const [only] = files;
  if (only !== undefined && files.length === 1 && (drop?.done.count ?? 0) === 0) return only.path;
  return name === "" ? undefined : (drop?.folder ?? "") + name;
}
