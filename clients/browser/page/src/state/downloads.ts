import { batch, type Signal, signal } from "@preact/signals";
import { contentUrl, type DownloadProgress, download, SluiceError, type Version } from "@sluice/browser";
import { text } from "../i18n/index.js";
import { baseName, saveName } from "../names.js";
import { readOut } from "./notices.js";
import { chooseTarget, handOver, saveBlob, type Target } from "./saving.js";
import { connection, refreshAccount } from "./session.js";

/** `handed`: the browser downloads the file itself, without verification by this page. */
export type DownloadPhase = DownloadProgress["phase"] | "preparing" | "handed" | "failed" | "cancelled";

/** Whether a download is still running. */
export function isRunning(phase: DownloadPhase): boolean {
  return ["waiting", "preparing", "downloading", "offline"].includes(phase);
}

/** A row in the list of downloads. */
export interface Download {
  readonly id: number;
  readonly version: Version;
  readonly name: string;
  readonly target: Target;
  readonly state: Signal<{ phase: DownloadPhase; progress?: DownloadProgress; error?: unknown }>;
  controller: AbortController;
}

export const downloads = signal<Download[]>([]);
let lastId = 0;

/** Downloads a version. Call it from a click, because the browser may ask where to save the file. */
export async function startDownload(version: Version): Promise<void> {
  const target = await chooseTarget(saveName(version.path), version.size);
  if (target === undefined) return;
  const controller = new AbortController();
  const state = signal({ phase: "waiting" as DownloadPhase });
  const row = { id: ++lastId, version, name: baseName(version.path), target, state, controller };
  downloads.value = [row, ...downloads.peek()];
  await run(row);
}

/** Starts a failed or cancelled download again. */
export async function retryDownload(row: Download): Promise<void> {
  row.controller = new AbortController();
  row.state.value = { phase: "waiting" };
  await run(row);
}

/** Removes a row from the list. */
export function removeDownload(row: Download): void {
  downloads.value = downloads.peek().filter((other) => other !== row);
}

async function run(row: Download): Promise<void> {
  const { target, state, name } = row;
  try {
    if (target.kind === "link") await hand(row);
    else await fetchAndSave(row, target);
    if (state.peek().phase === "done") readOut(text.peek().downloads.oneDone(name));
  } catch (error) {
    const cancelled = row.controller.signal.aborted;
    state.value = {
      ...state.peek(),
      phase: cancelled ? "cancelled" : "failed",
      error: cancelled ? undefined : saveError(error),
    };
    if (!cancelled) readOut(text.peek().downloads.oneFailed(name));
  }
}

/** An error that does not come from the library comes from writing the file. */
function saveError(error: unknown): unknown {
  return error instanceof SluiceError ? error : new SluiceError("unsaved", String(error));
}

async function fetchAndSave(
  { version, state, controller }: Download,
  target: Exclude<Target, { kind: "link" }>,
): Promise<void> {
  const blob = await download(connection, version.fileId, {
    version: version.versionId,
    to: target.kind === "stream" ? await target.open() : undefined,
    signal: controller.signal,
    onProgress: (progress) =>
      batch(() => {
        if (progress.phase !== "done") state.value = { phase: progress.phase, progress };
      }),
  });
  if (target.kind === "blob" && blob !== undefined) saveBlob(blob, target.name);
  const { progress } = state.peek() as { progress?: DownloadProgress };
  state.value =
    progress === undefined
      ? { phase: "done" }
      : { phase: "done", progress: { ...progress, verifiedBytes: version.size } };
}

async function hand({ version, state, controller }: Download): Promise<void> {
  state.value = { phase: "preparing" };
  // A link cannot ask for a sign-in. This call does, if the session has ended.
  await refreshAccount();
  await handOver(contentUrl(connection, version.fileId, { version: version.versionId }), controller.signal);
  state.value = { phase: "handed" };
}
