import { listVersions, type Page, type Version } from "@sluice/browser";
import { useEffect, useState } from "preact/hooks";
import { format, text } from "../i18n/index.js";
import { printable } from "../names.js";
import { closeDialog } from "../state/dialog.js";
import { startDownload } from "../state/downloads.js";
import { failureText } from "../state/failures.js";
import { restore } from "../state/file-actions.js";
import { readOut } from "../state/notices.js";
import { connection } from "../state/session.js";
import { Dialog } from "./dialog.js";
import { Icon } from "./icons.js";
import { Shares } from "./shares.js";

/** Lists all versions of a file, the latest first. */
export function VersionsDialog({ version }: { version: Version }) {
  const { versions: words, app } = text.value;
  const [page, setPage] = useState<Page<Version> | undefined>(undefined);
  const [error, setError] = useState<unknown>(undefined);
  const [busy, setBusy] = useState(false);
  const load = async (cursor?: string) => {
    try {
      const next = await listVersions(connection, version.fileId, { cursor });
      setPage((before) =>
        cursor === undefined ? next : { ...next, items: [...(before?.items ?? []), ...next.items] },
      );
    } catch (failure) {
      setError(failure);
    }
  };
  useEffect(() => void load(), [version.fileId]);
  const restoreOne = async (earlier: Version) => {
    setBusy(true);
    try {
      await restore(earlier);
      readOut(words.restored);
      await load();
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
  };
  const current = page?.items.find(({ state }) => state === "available" || state === "deleted");
  return (
    <Dialog title={words.title} onClose={closeDialog} wide>
      <p class="muted">
        <bdi>{printable(version.path)}</bdi>
      </p>
      {error !== undefined && (
        <p class="error" role="alert">
          {failureText(error)}
        </p>
      )}
      {page === undefined && error === undefined && <p class="muted">{app.loading}</p>}
      <ol class="versions" aria-label={words.title}>
        {page?.items.map((one) => (
          <VersionRow
            key={one.versionId}
            version={one}
            current={one === current}
            busy={busy}
            onRestore={restoreOne}
          />
        ))}
      </ol>
      {page?.nextCursor !== undefined && (
        <button type="button" onClick={() => void load(page.nextCursor)}>
          {words.more}
        </button>
      )}
    </Dialog>
  );
}

interface RowProps {
  version: Version;
  current: boolean;
  /** Whether a version is being restored. */
  busy: boolean;
  onRestore: (version: Version) => Promise<void>;
}

function VersionRow({ version, current, busy, onRestore }: RowProps) {
  const { versions: words } = text.value;
  const { state, size, createdAt: created } = version;
  const f = format.value;
  const available = state === "available";
  return (
    <li>
      <div class="version-head">
        <p>
          <time dateTime={created}>{f.moment(created)}</time>
          {state !== "deleted" && <span> · {f.bytes(size)}</span>}
          <StateTag version={version} current={current} />
        </p>
        {available && (
          <div class="buttons">
            <button
              type="button"
              aria-label={words.download(created)}
              onClick={() => void startDownload(version)}
            >
              {words.downloadShort}
            </button>
            {!current && (
              <button
                type="button"
                disabled={busy}
                aria-label={words.restore(created)}
                onClick={() => void onRestore(version)}
              >
                {words.restoreShort}
              </button>
            )}
          </div>
        )}
      </div>
      {available && <Details version={version} />}
    </li>
  );
}

function StateTag({ version: { state, reason }, current }: { version: Version; current: boolean }) {
  const { versions: words, reasons } = text.value;
  const why = reason ? (reasons as Partial<Record<string, string>>)[reason] : undefined;
  if (current && state === "available") return <span class="tag strong">{words.current}</span>;
  if (state === "available") return null;
  return (
    <span class="tag">
      {words[state]}
      {why !== undefined && `: ${why}`}
    </span>
  );
}

function Details({ version }: { version: Version }) {
  const { versions: words, app } = text.value;
  const { newBytes: fresh, sharedBytes: shared, sha256 } = version;
  const copy = async () => {
    await navigator.clipboard.writeText(sha256 ?? "");
    readOut(app.copied);
  };
  return (
    <div class="version-details">
      <Shares
        parts={[
          { kind: "fresh", value: fresh },
          { kind: "shared", value: shared },
        ]}
        label={words.parts(fresh, shared)}
      />
      <p class="muted">{words.parts(fresh, shared)}</p>
      {sha256 && (
        <p class="hash">
          <span class="muted">{words.hash}</span> <code>{sha256}</code>
          <button
            type="button"
            class="icon"
            aria-label={words.copyHash}
            title={words.copyHash}
            onClick={() => void copy()}
          >
            <Icon name="copy" />
          </button>
        </p>
      )}
      <p class="muted">
        {words.type}: <bdi>{printable(version.contentType)}</bdi>
      </p>
    </div>
  );
}
