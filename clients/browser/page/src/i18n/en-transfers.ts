import type { Formats } from "../format.js";

/** What is said of uploads and downloads. */
export const transfersInEnglish = (f: Formats) => ({
  queue: {
    title: "Uploads",
    empty:
      "Nothing is being sent. Files are hashed here: what the server already holds is not sent again, and an upload that breaks off can go on later.",
    progressOf: (name: string) => `Progress of ${f.name(name)}`,
    total: "Progress of all uploads",
    count: (finished: number, count: number) =>
      `${f.number(finished)} of ${f.plural(count, { one: "# file", other: "# files" })} finished`,
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
        one: "# unfinished upload is given up. What it has sent is thrown away.",
        other: "# unfinished uploads are given up. What they have sent is thrown away.",
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
    asking: "Hashed · asking the server",
    uploading: "Uploading",
    uploadingParts: (done: number, total: number) =>
      `Uploading ${f.number(done)} of ${f.plural(total, { one: "# part", other: "# parts" })}`,
    resumed: (bytes: number) => `${f.bytes(bytes)} were there already`,
    paused: "Paused",
    offline: "No network: goes on by itself when it is back",
    verifying: "All sent · the server is verifying",
    available: (wire: number) => `Available · sent ${f.bytes(wire)}`,
    delta: (wire: number, size: number) =>
      `Available · sent ${f.bytes(wire)} of ${f.bytes(size)}, the rest was here`,
    instant: (wire: number) =>
      `Already here: sent ${f.bytes(wire)}${wire > 0 ? " before that was known" : ""}`,
    failed: "Failed",
    aborted: "Cancelled",
  },
  unfinished: {
    title: "Unfinished uploads",
    explanation:
      "Begun earlier and kept at the server. Pick the same file again, and only what is missing is sent. Dropping the same files or folder where they were does the same.",
    received: (received: number, size: number) =>
      `${f.bytes(received)} of ${f.bytes(size)} are at the server`,
    size: f.bytes,
    until: (time: Date) => `kept until ${f.date(time)}`,
    elsewhere: "begun in another browser",
    was: (name: string, time: number) =>
      `the file was ${f.quoted(name)}, last changed ${f.date(new Date(time))}`,
    pick: "Pick the file again",
    pickNamed: (name: string) => `Pick the file again: ${f.name(name)}`,
    goOn: "Go on",
    goOnNamed: (name: string) => `Go on with ${f.name(name)}`,
    abandon: (name: string) => `Give up ${f.name(name)}`,
    refused: "The browser did not give the file. Pick it again instead.",
    differs: (size: number) =>
      `That is another file: the one that was begun has ${f.bytes(size)}. Pick that one, or upload this one as new.`,
    more: (count: number) => f.plural(count, { one: "Show # more", other: "Show # more" }),
  },
  downloads: {
    title: "Downloads",
    waiting: "Waiting",
    downloading: "Downloading and verifying",
    offline: "No network: goes on by itself when it is back",
    done: "Saved · every chunk and the SHA-256 verified",
    failed: "Failed",
    cancelled: "Cancelled",
    handed: "Handed to the browser · too large to verify here",
    preparing: "The server is putting the bytes together",
    progressOf: (name: string) => `Download of ${f.name(name)}`,
    cancel: (name: string) => `Cancel the download of ${f.name(name)}`,
    retry: (name: string) => `Retry the download of ${f.name(name)}`,
    remove: (name: string) => `Remove ${f.name(name)} from the downloads`,
    oneDone: (name: string) => `${f.quoted(name)} is downloaded and verified.`,
    oneFailed: (name: string) => `Download of ${f.quoted(name)} failed.`,
  },
});
