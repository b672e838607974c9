import type { UploadPhase } from "@sluice/browser";
import { useRef } from "preact/hooks";
import { text } from "../i18n/index.js";
import { printable } from "../names.js";
import { pathProblem } from "../paths.js";
import { failureText } from "../state/failures.js";
import { type Entry, type EntryState, isRefusedForQuota } from "../state/queue.js";
import { isFinished, stagesOf } from "../state/totals.js";
import { cancel, pause, remove, resume, retry } from "../state/uploads.js";
import { useFocusKept } from "./focus.js";
import { IconButton } from "./icon-button.js";
import { Icon, type IconName } from "./icons.js";

const ICONS: Record<UploadPhase, IconName> = {
  waiting: "clock",
  hashing: "hash",
  uploading: "upload",
  paused: "pause",
  offline: "offline",
  verifying: "shield",
  available: "check",
  failed: "warning",
  aborted: "close",
};

/** A row for one upload. */
export function QueueRow({ entry }: { entry: Entry }) {
  const { queue } = text.value;
  const state = entry.state.value;
  const { phase, size } = state.progress;
  const element = useRef<HTMLLIElement>(null);
  useFocusKept(element, "#queue-title");
  const icon = state.result?.outcome === "instant" ? "bolt" : ICONS[phase];
  return (
    <li ref={element} class={`row ${phase}`} data-phase={phase}>
      <Icon name={icon} />
      <div class="row-text">
        <p class="row-name" title={printable(entry.path)}>
          <bdi>{printable(entry.name)}</bdi>
          {entry.replaces && <span class="tag">{queue.newVersion}</span>}
        </p>
        {!isFinished(phase) && (
          <progress aria-label={queue.progressOf(entry.name)} value={stagesOf(state.progress)} max={1} />
        )}
        <p class="row-state">{stateText(entry, state)}</p>
        {["uploading", "paused", "offline"].includes(phase) && size > 0 && <Numbers state={state} />}
      </div>
      <RowButtons entry={entry} phase={phase} />
    </li>
  );
}

function stateText(entry: Entry, { progress, result, error }: EntryState): string {
  const words = text.value.phase;
  const { phase, size, hashedBytes, parts } = progress;
  if (phase === "failed")
    return isRefusedForQuota({ progress, error }) ? words.full : failedText(entry.path, error);
  if (phase === "hashing") return hashedBytes < size ? words.hashing(hashedBytes / size) : words.asking;
  if (phase === "uploading")
    return parts.total > 1 ? words.uploadingParts(parts.done, parts.total) : words.uploading;
  if (phase === "paused") return parts.sending > 0 ? words.pausing : words.paused;
  if (phase !== "available") return words[phase];
  if (result?.outcome === "instant") return words.instant(result.wireBytes);
  if (result?.outcome === "delta") return words.delta(result.wireBytes, size);
  return words.available(result?.wireBytes ?? 0);
}

/** Explains an invalid path better than the server's error does. */
function failedText(path: string, error: unknown): string {
  const problem = pathProblem(path);
  return problem === undefined ? failureText(error) : text.value.rename[problem];
}

function Numbers({ state }: { state: EntryState }) {
  const { queue, phase: words } = text.value;
  const { phase, size, sentBytes, resumedBytes, bytesPerSecond, secondsLeft } = state.progress;
  const sending = phase === "uploading";
  return (
    <p class="numbers">
      <span>{queue.amount(Math.min(sentBytes, size), size)}</span>
      {sending && bytesPerSecond !== undefined && <span>{queue.speed(bytesPerSecond)}</span>}
      {sending && secondsLeft !== undefined && secondsLeft > 0 && <span>{queue.left(secondsLeft)}</span>}
      {resumedBytes > 0 && <span>{words.resumed(resumedBytes)}</span>}
    </p>
  );
}

function RowButtons({ entry, phase }: { entry: Entry; phase: UploadPhase }) {
  const { queue } = text.value;
  const { name } = entry;
  const pausable = ["waiting", "hashing", "uploading", "offline"].includes(phase);
  const again = phase === "failed" || phase === "aborted";
  return (
    <div class="row-buttons">
      {pausable && <IconButton icon="pause" label={queue.pause(name)} onClick={() => pause(entry)} />}
      {phase === "paused" && (
        <IconButton icon="play" label={queue.resume(name)} onClick={() => resume(entry)} />
      )}
      {again && <IconButton icon="retry" label={queue.retry(name)} onClick={() => retry(entry)} />}
      {isFinished(phase) ? (
        <IconButton icon="close" label={queue.remove(name)} onClick={() => remove(entry)} />
      ) : (
        phase !== "verifying" && (
          <IconButton icon="close" label={queue.cancel(name)} onClick={() => cancel(entry)} />
        )
      )}
    </div>
  );
}
