import { useRef, useState } from "preact/hooks";
import { format, text } from "../i18n/index.js";
import { printable } from "../names.js";
import { type Continued, continueByHandles, continueWith } from "../state/adding.js";
import { dialog } from "../state/dialog.js";
import { type Group, needsFolder, pathOf, sumsOf } from "../state/groups.js";
import { givingUp, unfinishedGroups } from "../state/unfinished.js";
import { focusSoon, useFocusKept } from "./focus.js";
import { Icon } from "./icons.js";

const PORTION = 10;
/** How many of the missing files are named. */
const NAMED = 3;
const chooseFolders = { webkitdirectory: true };

/** Uploads that stopped, one row for what was added together. */
export function UnfinishedUploads() {
  const { unfinished } = text.value;
  const [most, setMost] = useState(PORTION);
  const all = unfinishedGroups.value;
  return (
    <section class="card" aria-labelledby="unfinished-title">
      <h2 id="unfinished-title" tabIndex={-1}>
        {unfinished.title}
      </h2>
      <p class="muted">{unfinished.explanation}</p>
      <ul class="rows" aria-labelledby="unfinished-title">
        {all.slice(0, most).map((group) => (
          <Row key={group.key} group={group} />
        ))}
      </ul>
      {all.length > most && (
        <button type="button" class="quiet" onClick={() => setMost(most + PORTION)}>
          {unfinished.more(Math.min(PORTION, all.length - most))}
        </button>
      )}
    </section>
  );
}

function Row({ group }: { group: Group }) {
  const { unfinished } = text.value;
  const [outcome, setOutcome] = useState<Continued | "refused" | undefined>(undefined);
  const element = useRef<HTMLLIElement>(null);
  useFocusKept(element, "#queue-title");
  const title = pathOf(group) ?? unfinished.files(sumsOf(group).count);
  const done = givingUp.value.get(group.key);
  return (
    <li ref={element} class="row unfinished">
      <Icon name={needsFolder(group) ? "folder" : "clock"} />
      <div class="row-text">
        <p class="row-name">
          <bdi>{printable(title)}</bdi>
        </p>
        <About group={group} />
        {outcome !== undefined && <Outcome outcome={outcome} />}
        {done === undefined ? (
          <Buttons group={group} title={title} onOutcome={setOutcome} />
        ) : (
          <GivingUp done={done} count={sumsOf(group).begun} />
        )}
      </div>
    </li>
  );
}

function About({ group }: { group: Group }) {
  const { unfinished } = text.value;
  const { count, doneCount, size, sentBytes, keptBytes, keptUntil } = sumsOf(group);
  const { drop, isOwn, files } = group;
  const names = files.slice(0, NAMED).map(({ path }) => format.value.quoted(path));
  const facts = [
    doneCount > 0 ? unfinished.done(doneCount, count) : unfinished.files(count),
    unfinished.received(sentBytes, size),
    drop !== undefined
      ? unfinished.added(new Date(drop.begunAt))
      : isOwn
        ? unfinished.here
        : unfinished.elsewhere,
  ];
  return (
    <>
      <p class="row-state">{facts.join(" · ")}</p>
      {count > 1 && (
        <p class="row-state">{unfinished.missing(names.join(", "), files.length - names.length)}</p>
      )}
      <p class="row-state">
        {keptUntil === undefined
          ? unfinished.keptNothing(files.length)
          : unfinished.kept(keptBytes, keptUntil)}
      </p>
      {drop !== undefined && drop.unnoted > 0 && <p class="row-state">{unfinished.unnoted(drop.unnoted)}</p>}
    </>
  );
}

function Outcome({ outcome }: { outcome: Continued | "refused" }) {
  const { unfinished } = text.value;
  return (
    <p class="error" role="alert">
      {outcome === "refused"
        ? unfinished.refused
        : outcome.found === 0
          ? unfinished.noneFound
          : unfinished.someMissing(outcome.missing)}
    </p>
  );
}

interface ButtonsProps {
  group: Group;
  title: string;
  /** Reports what was not found; undefined if all was. */
  onOutcome: (outcome: Continued | "refused" | undefined) => void;
}

function Buttons({ group, title, onOutcome }: ButtonsProps) {
  const { unfinished } = text.value;
  const input = useRef<HTMLInputElement>(null);
  const byFolder = needsFolder(group);
  const choose = byFolder
    ? unfinished.chooseFolder
    : group.files.length > 1
      ? unfinished.chooseFiles
      : unfinished.chooseFile;
  const hasHandles = (group.drop?.handles.length ?? 0) > 0;
  const report = (continued: Continued, ifNone: Continued | "refused") => {
    onOutcome(continued.found === 0 ? ifNone : continued.missing > 0 ? continued : undefined);
    if (continued.found > 0) focusSoon("#queue-title");
  };
  return (
    <div class="buttons">
      {hasHandles && (
        <button
          type="button"
          aria-label={unfinished.named(unfinished.resume, title)}
          onClick={() => void continueByHandles(group).then((continued) => report(continued, "refused"))}
        >
          {unfinished.resume}
        </button>
      )}
      <button
        type="button"
        aria-label={unfinished.named(choose, title)}
        onClick={() => input.current?.click()}
      >
        {choose}
      </button>
      <button
        type="button"
        aria-label={unfinished.named(unfinished.giveUp, title)}
        onClick={() => {
          dialog.value = { kind: "give-up", group };
        }}
      >
        {unfinished.giveUp}
      </button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        {...(byFolder && chooseFolders)}
        data-for="unfinished"
        onChange={(event) => {
          const continued = continueWith(group, event.currentTarget);
          report(continued, continued);
        }}
      />
    </div>
  );
}

function GivingUp({ done, count }: { done: number; count: number }) {
  const label = text.value.unfinished.givingUp(done, count);
  return (
    <>
      <p role="status">{label}</p>
      <progress aria-label={label} value={done} max={Math.max(1, count)} />
    </>
  );
}
