/** What a name may hold that would disturb what is around it: control characters, direction overrides, invisible ones. */
const DISTURBING = /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu;
const LONE_SURROGATE = /[\ud800-\udfff]/gu;

/** A name as it may be shown: control and direction characters appear as `[U+202E]`, half characters as U+FFFD. */
export function printable(name: string): string {
  return name
    .replace(LONE_SURROGATE, "\ufffd")
    .replace(DISTURBING, (character) => `[U+${hexadecimal(character)}]`);
}

function hexadecimal(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
}

/** A printable name for the middle of a sentence: whatever direction it runs in, the sentence keeps its own. */
export function isolated(name: string): string {
  return `\u2068${printable(name)}\u2069`;
}

/** A name under which a downloaded file can be saved anywhere. */
export function saveName(path: string): string {
  const name = printable(baseName(path))
    .replace(/[\\/:*?"<>|]/g, "_")
    .replace(/^\.+|[. ]+$/g, "");
  return name === "" ? "download" : name;
}

/** The last segment of a path; of a folder `a/b/` it is `b`. */
export function baseName(path: string): string {
  const trimmed = path.endsWith("/") ? path.slice(0, -1) : path;
  return trimmed.slice(trimmed.lastIndexOf("/") + 1);
}

/** The folder that a path lies in, ending in `/`; empty at the top. */
export function folderOf(path: string): string {
  const trimmed = path.endsWith("/") ? path.slice(0, -1) : path;
  return trimmed.slice(0, trimmed.lastIndexOf("/") + 1);
}
