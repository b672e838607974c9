/** Characters that would disturb the text around a name: control, direction and invisible characters. */
const DISTURBING = /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu;
const LONE_SURROGATE = /[\ud800-\udfff]/gu;

/**
 * Makes a name safe to show: `[U+202E]` for a control or direction character, U+FFFD for a lone surrogate.
 */
export function printable(name: string): string {
  return name
    .replace(LONE_SURROGATE, "\ufffd")
    .replace(DISTURBING, (character) => `[U+${hexadecimal(character)}]`);
}

function hexadecimal(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
}

/** A sentence shows at most this many characters of the start of a name, and this many of its end. */
const START_CHARACTERS = 40;
const END_CHARACTERS = 20;

/** Makes a name safe within a sentence: short, and its direction does not affect the sentence. */
export function isolated(name: string): string {
  const all = [...name];
  const isLong = all.length > START_CHARACTERS + END_CHARACTERS;
  const short = isLong ? [...all.slice(0, START_CHARACTERS), "…", ...all.slice(-END_CHARACTERS)] : all;
  return `\u2068${printable(short.join(""))}\u2069`;
}

/** Returns a file name that is valid on every system. */
export function saveName(path: string): string {
  const name = printable(baseName(path))
    .replace(/[\\/:*?"<>|]/g, "_")
    .replace(/^\.+|[. ]+$/g, "");
  return name === "" ? "download" : name;
}

/** Returns the last segment of a path: `b` for the folder `a/b/`. */
export function baseName(path: string): string {
  const trimmed = path.endsWith("/") ? path.slice(0, -1) : path;
  return trimmed.slice(trimmed.lastIndexOf("/") + 1);
}

/** Returns the folder that contains a path, ending in `/`; empty at the top level. */
export function folderOf(path: string): string {
  const trimmed = path.endsWith("/") ? path.slice(0, -1) : path;
  return trimmed.slice(0, trimmed.lastIndexOf("/") + 1);
}

const USERNAME = /^[\p{Alphabetic}\p{N}][\p{Alphabetic}\p{N}._@-]{2,63}$/u;

/** Whether the server takes this user name. */
export function isUsername(text: string): boolean {
  return USERNAME.test(text.normalize("NFKC").toLowerCase().normalize("NFKC"));
}
