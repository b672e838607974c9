import { text } from "../i18n/index.js";
import { printable } from "../names.js";
import {
  type Download,
  type DownloadPhase,
  downloads,
  isRunning,
  removeDownload,
  retryDownload,
} from "../state/downloads.js";
import { failureText } from "../state/failures.js";
import { focusSoon } from "./focus.js";
import { IconButton } from "./icon-button.js";
import { Icon, type IconName } from "./icons.js";

const ICONS: Record<DownloadPhase, IconName> = {
  waiting: "clock",
  preparing: "clock",
  downloading: "download",
  offline: "offline",
  done: "shield",
  handed: "download",
  failed: "warning",
  cancelled: "close",
};

/** The list of downloads that this page started. */
export function Downloads() {
  return (
    <section class="card" aria-labelledby="downloads-title">
      <h2 id="downloads-title" tabIndex={-1}>
        {text.value.downloads.title}
      </h2>
      <ul class="rows" aria-labelledby="downloads-title">
        {downloads.value.map((row) => (
          <Row key={row.id} row={row} />
        ))}
      </ul>
    </section>
  );
}

function Row({ row }: { row: Download }) {
  const words = text.value.downloads;
  const { phase, progress, error } = row.state.value;
  const running = isRunning(phase);
  const { size } = row.version;
  return (
    <li class={`row ${phase}`} data-phase={phase}>
      <Icon name={ICONS[phase]} />
      <div class="row-text">
        <p class="row-name">
          <bdi>{printable(row.name)}</bdi>
        </p>
        {running && (
          <progress
            aria-label={words.progressOf(row.name)}
            value={(progress?.verifiedBytes ?? 0) / Math.max(1, size)}
            max={1}
          />
        )}
        <p class="row-state">
          {phase === "failed" && error !== undefined ? failureText(error) : words[phase]}
        </p>
        {running && progress !== undefined && <Numbers progress={progress} size={size} />}
      </div>
      <div class="row-buttons">
        {(phase === "failed" || phase === "cancelled") && (
          <IconButton icon="retry" label={words.retry(row.name)} onClick={() => void retryDownload(row)} />
        )}
        {running ? (
          <IconButton icon="close" label={words.cancel(row.name)} onClick={() => row.controller.abort()} />
        ) : (
          <IconButton icon="close" label={words.remove(row.name)} onClick={() => leave(row)} />
        )}
      </div>
    </li>
  );
}

function Numbers({
  progress,
  size,
}: {
  progress: NonNullable<Download["state"]["value"]["progress"]>;
  size: number;
}) {
  const { queue } = text.value;
  const { verifiedBytes, bytesPerSecond, secondsLeft } = progress;
  return (
    <p class="numbers">
      <span>{queue.amount(verifiedBytes, size)}</span>
      {bytesPerSecond !== undefined && <span>{queue.speed(bytesPerSecond)}</span>}
      {secondsLeft !== undefined && secondsLeft > 0 && <span>{queue.left(secondsLeft)}</span>}
    </p>
  );
}

function leave(row: Download): void {
  removeDownload(row);
  focusSoon(downloads.peek().length > 0 ? "#downloads-title" : "#queue-title");
}
