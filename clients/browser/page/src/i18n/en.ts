import type { Formats } from "../format.js";
import { errorsInEnglish } from "./en-errors.js";
import { transfersInEnglish } from "./en-transfers.js";

/** All that the page says, in English. The other languages have the same shape. */
export const english = (f: Formats) => ({
  app: {
    tagline: "Upload, keep every version, get back exactly what you sent.",
    skip: "Skip to the files",
    close: "Close",
    cancel: "Cancel",
    retry: "Try again",
    dismiss: "Dismiss",
    loading: "Loading…",
    copied: "Copied",
  },
  settings: {
    language: "Language",
    theme: "Colours",
    system: "As the system",
    light: "Light",
    dark: "Dark",
  },
  session: {
    signIn: "Sign in",
    signUp: "Create account",
    signOut: "Sign out",
    signInTitle: "Sign in to Sluice",
    signUpTitle: "Create an account",
    toSignUp: "No account yet? Create one",
    toSignIn: "Have an account? Sign in",
    username: "User name",
    password: "Password",
    usernameHint: "3 to 64 letters, digits or . _ - @",
    passwordHint: "At least 12 characters",
    working: "One moment…",
    endedTitle: "Your session has ended",
    ended: "Sign in again. Uploads and downloads wait, and then go on where they are.",
    someoneElse: "Sign in as somebody else",
    leaveTitle: "Sign out while uploads run?",
    leave: (count: number) =>
      f.plural(count, {
        one: "# upload is not finished. What has been sent is kept: sign in again later and pick the file again to go on.",
        other:
          "# uploads are not finished. What has been sent is kept: sign in again later and pick the files again to go on.",
      }),
    signedInAs: (name: string) => `Signed in as ${f.quoted(name)}`,
  },
  drop: {
    title: "Add files",
    invitation: "Drop files or folders anywhere on this page",
    chooseFiles: "Choose files",
    chooseFolder: "Choose a folder",
    into: (folder: string) => (folder === "" ? "Drop to upload" : `Drop to upload into ${f.quoted(folder)}`),
    target: (folder: string) =>
      folder === "" ? "They go to the top level." : `They go into ${f.quoted(folder)}.`,
    reading: (count: number) =>
      f.plural(count, {
        one: "Looking through folders: # file so far",
        other: "Looking through folders: # files so far",
      }),
    added: (count: number) =>
      f.plural(count, { one: "# file added to the uploads", other: "# files added to the uploads" }),
    none: "There were no files in what you dropped. Empty folders are not kept.",
    unreadable: (count: number) =>
      f.plural(count, {
        one: "# entry could not be read and was left out.",
        other: "# entries could not be read and were left out.",
      }),
  },
  files: {
    title: "Files",
    top: "All files",
    path: "Folder path",
    name: "Name",
    size: "Size",
    changed: "Changed",
    actions: "Actions",
    folder: "folder",
    reload: "Load the list again",
    openFolder: (name: string) => `Open folder ${f.name(name)}`,
    download: (name: string) => `Download ${f.name(name)}`,
    versions: (name: string) => `Versions of ${f.name(name)}`,
    rename: (name: string) => `Rename ${f.name(name)}`,
    delete: (name: string) => `Delete ${f.name(name)}`,
    more: "Load more",
    loaded: (count: number, all: boolean) =>
      `${f.plural(count, { one: "# entry", other: "# entries" })}${all ? "" : " loaded, there are more"}`,
    emptyTitle: "Nothing here yet",
    empty:
      "Drop a file on this page. It is hashed in the browser, sent straight to storage in parts, and shows here as soon as the server has verified every byte.",
    emptyFolderTitle: "This folder is empty",
    emptyFolder: "Folders exist as long as files lie in them. Drop something here, and it does.",
    noneFoundTitle: "Nothing found",
    noneFoundPrefix:
      "The server finds names by how they begin, and capital letters matter. To look for a word within names, choose “contains, in what is loaded”.",
    noneFoundHash:
      "No file’s current version has this content. A file that changed in the last moments may still be missing.",
    noneFoundLoaded:
      "Only what the list has loaded was looked through. Load more, or search by how the name begins.",
    deleted: (name: string) => `${f.quoted(name)} was deleted. Its versions are kept.`,
    undo: "Undo",
    undoNamed: (name: string) => `Undo: restore ${f.name(name)}`,
    restored: (name: string) => `${f.quoted(name)} is back.`,
    failed: "The list could not be loaded.",
  },
  search: {
    label: "Find files",
    placeholder: "Name or SHA-256 / SHA-1",
    way: "How to search",
    folder: "begins with, in this folder",
    everywhere: "path begins with, everywhere",
    loaded: "contains, in what is loaded",
    go: "Search",
    clear: "Clear search",
    sha256: "Recognised as a SHA-256: finds files with exactly this content.",
    sha1: "Recognised as a SHA-1: a label to search by. It proves nothing about the content.",
    results: "Search results",
  },
  rename: {
    title: "Rename or move",
    path: "New path",
    hint: "A slash makes a folder: reports/2026.pdf",
    submit: "Rename",
    inUse: "A file lies there already. Replacing deletes it; its versions are kept.",
    overwrite: "Replace that file",
    done: (name: string) => `Now at ${f.quoted(name)}.`,
    empty: "Type a path.",
    segment: "A path must not begin or end with a slash, nor hold two in a row, nor “.” or “..” as a name.",
    control: "A path must not hold control characters.",
    long: "A path has at most 990 bytes.",
  },
  versions: {
    title: "Versions",
    current: "current",
    pending: "being verified",
    rejected: "rejected",
    deleted: "deleted here",
    download: (time: string) => `Download the version of ${f.moment(time)}`,
    restore: (time: string) => `Restore the version of ${f.moment(time)}`,
    restoreShort: "Restore",
    downloadShort: "Download",
    restored: "That version is current again, as a new version.",
    hash: "SHA-256",
    copyHash: "Copy SHA-256",
    type: "Type",
    parts: (fresh: number, shared: number) =>
      `${f.bytes(fresh)} were new to the account, ${f.bytes(shared)} were already here`,
    more: "Load earlier versions",
  },
  storage: {
    title: "Storage",
    short: (used: number, quota: number) => `${f.bytes(used)} of ${f.bytes(quota)}`,
    account: "Your account",
    used: "Used",
    reserved: "Reserved by open uploads",
    free: "Free",
    usedHint:
      "Every distinct content counts once, by its full size, however often it is stored and however well it compresses.",
    takes: "Takes in storage",
    savedWhole: "Saved",
    takesOf: (used: number) => `What the ${f.bytes(used)} really take`,
    savedHint: (fraction: number) =>
      `${f.percent(fraction)} saved: parts that recur are kept once, and what compresses is compressed, a little after it came.`,
    listed: (count: number) =>
      f.plural(count, { one: "The one file in the list", other: "The # files in the list" }),
    listedHint: "As counted when each current version arrived, before anything was compressed.",
    listedNone: "Open a folder with files to see how much of them was new.",
    size: "Size in all",
    fresh: "New when it came",
    shared: "Already here, not stored again",
    stored: "Written to storage",
    chart: (text: string) => `Chart: ${text}`,
    saved: (bytes: number, fraction: number) =>
      `Deduplication saved ${f.bytes(bytes)} (${f.percent(fraction)}).`,
  },
  ...transfersInEnglish(f),
  ...errorsInEnglish,
});

/** The shape of a language. */
export type Dictionary = ReturnType<typeof english>;
