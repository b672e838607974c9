import type { Formats } from "../format.js";
import { errorsInEnglish } from "./en-errors.js";
import { transfersInEnglish } from "./en-transfers.js";

/** The English texts of the page. Other languages have the same shape. */
export const english = (f: Formats) => ({
  app: {
    tagline: "Upload files, keep every version, and get back exactly what you sent.",
    skip: "Skip to files",
    close: "Close",
    cancel: "Cancel",
    retry: "Try again",
    dismiss: "Dismiss",
    dismissAll: "Dismiss all",
    earlierNotices: (count: number) =>
      f.plural(count, { one: "Show # earlier message", other: "Show # earlier messages" }),
    fewerNotices: "Hide earlier messages",
    loading: "Loading…",
    copied: "Copied",
  },
  settings: {
    language: "Language",
    theme: "Colours",
    system: "System",
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
    toSignIn: "Already have an account? Sign in",
    username: "User name",
    password: "Password",
    usernameHint: "3 to 64 letters, digits or . _ - @",
    passwordHint: "At least 12 characters, hard to guess",
    invitation: "Invitation",
    invitationHint: "The operator of this service gives it out.",
    retryIn: (seconds: number) =>
      f.plural(seconds, { one: "Try again in # second", other: "Try again in # seconds" }),
    working: "One moment…",
    endedTitle: "Your session has ended",
    ended: "Sign in again. Uploads and downloads are waiting and will then continue.",
    someoneElse: "Sign in as someone else",
    leaveTitle: "Sign out during uploads?",
    leave: (count: number) =>
      f.plural(count, {
        one: "# upload is not finished. The server keeps what has been sent: sign in later and pick the file again to continue.",
        other:
          "# uploads are not finished. The server keeps what has been sent: sign in later and pick the files again to continue.",
      }),
  },
  account: {
    title: "Account",
    signedInAs: (name: string) => `Signed in as ${f.quoted(name)}`,
    storage: (used: number, quota: number) => `${f.bytes(used)} of ${f.bytes(quota)} are taken.`,
    storageDetails: "Storage details",
    passwordTitle: "Change the password",
    present: "Present password",
    chosen: "New password",
    change: "Change the password",
    changed: "The password is changed. All other sessions have ended.",
    sessions: "Sessions",
    unknownProgram: "Unknown program",
    this: "this session",
    began: (time: string) => `signed in ${f.date(time)}`,
    from: (address: string) => `from ${f.name(address)}`,
    end: "End",
    endNamed: (program: string, time: string) => `End the session of ${f.name(program)}, ${f.moment(time)}`,
    endOthers: "End all others",
    ended: "The session has ended.",
    othersEnded: "All other sessions have ended.",
  },
  drop: {
    title: "Add files",
    invitation: "Drop files or folders anywhere on this page",
    chooseFiles: "Choose files",
    chooseFolder: "Choose a folder",
    into: (folder: string) => (folder === "" ? "Drop to upload" : `Drop to upload to ${f.quoted(folder)}`),
    target: (folder: string) =>
      folder === ""
        ? "They will be uploaded to the top level."
        : `They will be uploaded to ${f.quoted(folder)}.`,
    reading: (count: number) =>
      f.plural(count, {
        one: "Reading folders: # file so far",
        other: "Reading folders: # files so far",
      }),
    added: (count: number) =>
      f.plural(count, { one: "# file added to the uploads", other: "# files added to the uploads" }),
    none: "You dropped no files. Empty folders cannot be stored.",
    unreadable: (count: number) =>
      f.plural(count, {
        one: "# item could not be read and was skipped.",
        other: "# items could not be read and were skipped.",
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
    reload: "Reload the list",
    openFolder: (name: string) => `Open folder ${f.name(name)}`,
    download: (name: string) => `Download ${f.name(name)}`,
    versions: (name: string) => `Versions of ${f.name(name)}`,
    rename: (name: string) => `Rename ${f.name(name)}`,
    delete: (name: string) => `Delete ${f.name(name)}`,
    more: "Load more",
    loaded: (count: number, all: boolean) =>
      `${f.plural(count, { one: "# item", other: "# items" })}${all ? "" : " loaded, more available"}`,
    emptyTitle: "Nothing here yet",
    empty:
      "Drop a file on this page. Your browser hashes it and sends it straight to storage. It appears here as soon as the server has verified every byte.",
    emptyFolderTitle: "This folder is empty",
    emptyFolder: "A folder exists as long as it contains files. Drop files here to keep it.",
    noneFoundTitle: "Nothing found",
    noneFoundPrefix:
      "The server searches for the start of a name and distinguishes upper and lower case. To find text within names, choose “contains, in loaded items”.",
    noneFoundHash:
      "No current version of a file has this hash. A file that has just changed may still be missing.",
    noneFoundLoaded: "Only the loaded items were searched. Load more, or search for the start of the name.",
    deleted: (name: string) => `${f.quoted(name)} was deleted. Its versions are kept.`,
    deleting: "Deleting…",
    undo: "Undo",
    undoNamed: (name: string) => `Undo: restore ${f.name(name)}`,
    restored: (name: string) => `${f.quoted(name)} was restored.`,
    failed: "The list could not be loaded.",
  },
  search: {
    label: "Find files",
    placeholder: "Name or SHA-256 / SHA-1",
    scope: "How to search",
    folder: "begins with, in this folder",
    everywhere: "path begins with, everywhere",
    loaded: "contains, in loaded items",
    go: "Search",
    clear: "Clear search",
    sha256: "Recognised as a SHA-256: finds files with exactly these bytes.",
    sha1: "Recognised as a SHA-1: useful for searching, but no proof of identical bytes.",
    results: "Search results",
  },
  rename: {
    title: "Rename or move",
    path: "New path",
    hint: "A slash makes a folder: reports/2026.pdf",
    submit: "Rename",
    inUse: "There is already a file at that path. Replacing it deletes it, but keeps its versions.",
    overwrite: "Replace that file",
    done: (name: string) => `Renamed to ${f.quoted(name)}.`,
    empty: "Enter a path.",
    segment:
      "A path cannot start or end with a slash, or contain two slashes in a row, or “.” or “..” as a name.",
    control: "A path cannot contain control characters.",
    long: "A path can have at most 990 bytes.",
  },
  versions: {
    title: "Versions",
    current: "current",
    pending: "being verified",
    rejected: "rejected",
    deleted: "deleted",
    download: (time: string) => `Download the version of ${f.moment(time)}`,
    restore: (time: string) => `Restore the version of ${f.moment(time)}`,
    restoreShort: "Restore",
    downloadShort: "Download",
    restored: "Restored as a new version, which is now current.",
    hash: "SHA-256",
    copyHash: "Copy SHA-256",
    type: "Type",
    parts: (fresh: number, shared: number) =>
      `${f.bytes(fresh)} were new to the account, ${f.bytes(shared)} were already stored`,
    more: "Load earlier versions",
  },
  storage: {
    title: "Storage",
    short: (used: number, quota: number) => `${f.bytes(used)} of ${f.bytes(quota)}`,
    account: "Your account",
    used: "Used",
    reserved: "Reserved by open uploads",
    records: "Records of versions and uploads",
    free: "Free",
    usedHint: `Identical files count once, at their full size, before compression. The record of each version and of each unfinished upload counts as ${f.bytes(1024)}.`,
    takes: "Stored",
    savedWhole: "Saved",
    takesOf: (used: number) => `What ${f.bytes(used)} take in storage`,
    savedHint: (fraction: number) =>
      `${f.percent(fraction)} saved: identical parts are stored once, and data is compressed some time after the upload.`,
    listed: (count: number) =>
      f.plural(count, { one: "The one file in the list", other: "The # files in the list" }),
    listedHint: "Counted when each current version was uploaded, before compression.",
    listedNone: "Open a folder with files to see how much of their data was new.",
    size: "Total size",
    fresh: "New when uploaded",
    shared: "Already stored, not stored again",
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
