import { useRef } from "preact/hooks";
import { text } from "../i18n/index.js";
import { dialog } from "../state/dialog.js";
import { isAccountFull, rows, showFinished, speed, totals } from "../state/queue.js";
import { fractionOf } from "../state/totals.js";
import { clearFinished, pauseAll, resumeAll, retryAll } from "../state/uploads.js";
import { useFocusKept } from "./focus.js";
import { Icon } from "./icons.js";
import { QueueRow } from "./queue-row.js";

/** The list of uploads that this page started. */
export function Queue() {
  const { queue } = text.value;
  const { shown, waiting, finished } = rows.value;
  const empty = shown.length + waiting + finished === 0;
  return (
    <section class="card" aria-labelledby="queue-title">
      <h2 id="queue-title" tabIndex={-1}>
        {queue.title}
      </h2>
      {empty ? (
        <p class="muted">{queue.empty}</p>
      ) : (
        <>
          <Summary />
          <ul class="rows" aria-labelledby="queue-title">
            {shown.map((entry) => (
              <QueueRow key={entry.id} entry={entry} />
            ))}
          </ul>
          {waiting > 0 && <p class="muted">{queue.more(waiting)}</p>}
          {finished > 0 && <FinishedSwitch count={finished} />}
        </>
      )}
    </section>
  );
}

function FinishedSwitch({ count }: { count: number }) {
  const { queue } = text.value;
  return (
    <button
      type="button"
      class="quiet"
      onClick={() => {
        showFinished.value = !showFinished.value;
      }}
    >
      {showFinished.value ? queue.hideFinished : queue.showFinished(count)}
    </button>
  );
}

function Summary() {
  const { queue, errors } = text.value;
  const sum = totals.value;
  const fraction = fractionOf(sum);
  const left = speed.value === undefined ? undefined : (sum.size - sum.sentBytes) / speed.value;
  return (
    <div class="summary">
      <p>
        <span>{queue.count(sum.available, sum.count)}</span>
        {sum.aborted > 0 && <span class="muted">{queue.cancelled(sum.aborted)}</span>}
        {sum.failed > 0 && (
          <span class="failed">
            <Icon name="warning" /> {queue.failed(sum.failed)}
          </span>
        )}
      </p>
      <p class="error" role="alert">
        {isAccountFull.value && errors.quota_exceeded}
      </p>
      <progress aria-label={queue.total} value={fraction} max={1} />
      <p class="numbers">
        <span>{queue.amount(sum.sentBytes, sum.size)}</span>
        <span>{speed.value !== undefined && queue.speed(speed.value)}</span>
        <span>{left !== undefined && left > 0 && queue.left(left)}</span>
      </p>
      <Controls />
    </div>
  );
}

function Controls() {
  const { queue } = text.value;
  const { active, paused, failed, available, aborted } = totals.value;
  const element = useRef<HTMLDivElement>(null);
  useFocusKept(element, "#queue-title");
  return (
    <div ref={element} class="buttons">
      {active > 0 && (
        <button type="button" onClick={pauseAll}>
          {queue.pauseAll}
        </button>
      )}
      {paused > 0 && (
        <button type="button" onClick={resumeAll}>
          {queue.resumeAll}
        </button>
      )}
      {failed > 0 && (
        <button type="button" onClick={retryAll}>
          {queue.retryAll}
        </button>
      )}
      {active + paused > 0 && (
        <button
          type="button"
          onClick={() => {
            dialog.value = { kind: "cancel-all" };
          }}
        >
          {queue.cancelAll}
        </button>
      )}
      {available + aborted > 0 && (
        <button type="button" onClick={clearFinished}>
          {queue.clear}
        </button>
      )}
    </div>
  );
}
