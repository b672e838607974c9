import type { Formats } from "../format.js";

/** English texts about uploads and downloads. */
export const transfersInEnglish = (f: Formats) => ({
  queue: {
    title: "Uploads",
    empty:
      "No uploads. Your browser hashes files first, so data that the server already has is not sent again. An interrupted upload can be resumed later.",
    progressOf: (name: string) => `Progress of ${f.name(name)}`,
    total: "Progress of all uploads",
    count: (finished: number, count: number) =>
      `${f.number(finished)} of ${f.plural(count, { one: "# file", other: "# files" })} finished`,
    cancelled: (count: number) => f.plural(count, { one: "# cancelled", other: "# cancelled" }),
    failed: (count: number) => f.plural(count, { one: "# failed", other: "# failed" }),
    amount: (sent: number, size: number) => `${f.bytes(sent)} of ${f.bytes(size)}`,
    left: (seconds: number) => `about ${f.duration(seconds)} left`,
    speed: f.speed,
    pauseAll: "Pause all",
    resumeAll: "Resume all",
    retryAll: "Retry all failed",
    cancelAll: "Cancel all",
    clear: "Clear finished",
    cancelAllTitle: "Cancel all uploads?",
    cancelAllText: (count: number) =>
      f.plural(count, {
        one: "# unfinished upload will be cancelled, and what it has sent will be discarded.",
        other: "# unfinished uploads will be cancelled, and what they have sent will be discarded.",
      }),
    keepUploading: "Keep uploading",
    pause: (name: string) => `Pause ${f.name(name)}`,
    resume: (name: string) => `Resume ${f.name(name)}`,
    cancel: (name: string) => `Cancel ${f.name(name)}`,
    retry: (name: string) => `Retry ${f.name(name)}`,
    remove: (name: string) => `Remove ${f.name(name)} from the list`,
    showFinished: (count: number) => f.plural(count, { one: "Show # finished", other: "Show # finished" }),
    hideFinished: "Hide finished",
    more: (count: number) =>
      f.plural(count, { one: "# more file is waiting", other: "# more files are waiting" }),
    newVersion: "new version",
    allDone: (available: number, failed: number) =>
      `${f.plural(available, { one: "# upload is available", other: "# uploads are available" })}${failed > 0 ? `, ${f.number(failed)} failed` : ""}.`,
    halfDone: "Half of the uploads are finished.",
    oneFailed: (name: string) => `Upload of ${f.quoted(name)} failed.`,
    oneDone: (name: string) => `${f.quoted(name)} is available.`,
  },
  phase: {
    waiting: "Waiting",
    hashing: (fraction: number) => `Hashing · ${f.percent(fraction)}`,
    asking: "Hashed · checking with the server",
    uploading: "Uploading",
    uploadingParts: (done: number, total: number) =>
      `Uploading ${f.number(done)} of ${f.plural(total, { one: "# part", other: "# parts" })}`,
    resumed: (bytes: number) => `${f.bytes(bytes)} already uploaded`,
    paused: "Paused",
    pausing: "Paused · finishing what is being sent",
    offline: "No network · resumes automatically",
    verifying: "Sent · the server is verifying",
    available: (wire: number) => `Available · sent ${f.bytes(wire)}`,
    delta: (wire: number, size: number) =>
      `Available · sent ${f.bytes(wire)} of ${f.bytes(size)}, the rest was already stored`,
    instant: (wire: number) =>
      `Already stored: sent ${f.bytes(wire)}${wire > 0 ? " before that was known" : ""}`,
    failed: "Failed",
    full: "Failed · no room in the account",
    aborted: "Cancelled",
  },
  unfinished: {
    title: "Unfinished uploads",
    explanation:
      "These uploads stopped before all files had arrived. Choose the same files again to continue.",
    files: (count: number) => f.plural(count, { one: "# file", other: "# files" }),
    done: (done: number, count: number) =>
      `${f.number(done)} of ${f.plural(count, { one: "# file", other: "# files" })} uploaded`,
    received: (received: number, size: number) =>
      `${f.bytes(received)} of ${f.bytes(size)} are on the server`,
    missing: (names: string, more: number) =>
      `Missing: ${names}${more > 0 ? f.plural(more, { one: " and # more", other: " and # more" }) : ""}`,
    kept: (bytes: number, until: Date) =>
      `Only what is missing will be sent: ${f.bytes(bytes)} of unfinished files are kept until ${f.date(until)}.`,
    keptNothing: (count: number) =>
      f.plural(count, {
        one: "No part of the unfinished file is kept: it will be sent from its beginning.",
        other: "No part of the # unfinished files is kept: they will be sent from their beginning.",
      }),
    unnoted: (count: number) =>
      f.plural(count, {
        one: "# more file was too many to note. Add the folder again to be sure of it.",
        other: "# more files were too many to note. Add the folder again to be sure of them.",
      }),
    added: (time: Date) => `added in this browser, ${f.date(time)}`,
    here: "started in this browser",
    elsewhere: "started in another browser or program",
    chooseFile: "Choose the file again",
    chooseFiles: "Choose the files again",
    chooseFolder: "Choose the folder again",
    named: (action: string, name: string) => `${action}: ${f.name(name)}`,
    resume: "Continue",
    giveUp: "Give up",
    giveUpTitle: "Give up these uploads?",
    giveUpText: (count: number, bytes: number) =>
      `${f.plural(count, { one: "# file", other: "# files" })} will not be uploaded. ${f.bytes(bytes)} on the server will be discarded. Files that are already uploaded stay.`,
    keep: "Keep them",
    givingUp: (done: number, count: number) =>
      `Giving up: ${f.number(done)} of ${f.plural(count, { one: "# upload", other: "# uploads" })}`,
    refused: "The browser could not open the files. Choose them again instead.",
    noneFound: "None of the unfinished files is among these. A file that has changed has to be added anew.",
    someMissing: (count: number) =>
      f.plural(count, {
        one: "# file was not found, or has changed. Add it anew, or give it up.",
        other: "# files were not found, or have changed. Add them anew, or give them up.",
      }),
    more: (count: number) => f.plural(count, { one: "Show # more", other: "Show # more" }),
  },
  downloads: {
    title: "Downloads",
    waiting: "Waiting",
    downloading: "Downloading and verifying",
    offline: "No network · resumes automatically",
    done: "Saved · every chunk and the SHA-256 verified",
    failed: "Failed",
    cancelled: "Cancelled",
    handed: "Downloading in the browser · too large to verify here",
    preparing: "The server is preparing the file",
    progressOf: (name: string) => `Download of ${f.name(name)}`,
    cancel: (name: string) => `Cancel the download of ${f.name(name)}`,
    retry: (name: string) => `Retry the download of ${f.name(name)}`,
    remove: (name: string) => `Remove ${f.name(name)} from the downloads`,
    oneDone: (name: string) => `${f.quoted(name)} is downloaded and verified.`,
    oneFailed: (name: string) => `Download of ${f.quoted(name)} failed.`,
  },
});
