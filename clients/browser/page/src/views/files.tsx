import { useEffect, useRef } from "preact/hooks";
import { text } from "../i18n/index.js";
import { printable } from "../names.js";
import { crumbs } from "../paths.js";
import { recognise } from "../search.js";
import { failureText } from "../state/failures.js";
import { list, listError, listState, load, shownList } from "../state/listing.js";
import { openFolder, folderView } from "../state/location.js";
import { refreshAccount } from "../state/session.js";
import { refreshUnfinished } from "../state/unfinished.js";
import { FileTable } from "./file-table.js";
import { focusSoon } from "./focus.js";
import { IconButton } from "./icon-button.js";
import { Icon } from "./icons.js";
import { SearchForm } from "./search-form.js";

/** The files of a folder, or the results of a search. */
export function Files() {
  const { files, search, app } = text.value;
  const searching = recognise(folderView.value.find).kind !== "none";
  const { items, prefixes } = shownList.value;
  const empty = items.length + prefixes.length === 0;
  const all = list.value.nextCursor === undefined;
  const state = listState.value;
  useFocusOnArrival(folderView.value.folder);
  return (
    <section class="card files" aria-labelledby="files" aria-busy={state === "loading"}>
      <div class="files-head">
        <div class="files-title">
          <h2 id="files" tabIndex={-1}>
            {searching ? search.results : files.title}
          </h2>
          <IconButton icon="retry" label={files.reload} onClick={reload} />
        </div>
        <Breadcrumb />
        <SearchForm key={`${folderView.value.folder}?${folderView.value.find}`} />
      </div>
      {!empty && <FileTable items={items} prefixes={prefixes} />}
      {state === "failed" && <Failed />}
      {state === "loading" && <p class="muted padded">{app.loading}</p>}
      {state === "ready" && empty && <Empty searching={searching} />}
      {state !== "failed" && !(empty && all) && <Foot count={items.length + prefixes.length} all={all} />}
    </section>
  );
}

/** Loads everything that the page shows again. */
function reload(): void {
  void load();
  void refreshUnfinished();
  void refreshAccount();
}

/** Moves focus to the list after opening another folder. */
function useFocusOnArrival(folder: string): void {
  const arrived = useRef(folder);
  useEffect(() => {
    if (arrived.current !== folder) focusSoon("#files");
    arrived.current = folder;
  }, [folder]);
}

function Breadcrumb() {
  const { files } = text.value;
  const { folder, find } = folderView.value;
  const steps = crumbs(folder);
  const isCurrent = (at: string) => at === folder && find === "";
  return (
    <nav class="breadcrumb" aria-label={files.path}>
      <ol>
        {[{ name: files.top, folder: "" }, ...steps].map((step) => (
          <li key={step.folder}>
            <button
              type="button"
              class="quiet"
              aria-current={isCurrent(step.folder) ? "page" : undefined}
              onClick={() => openFolder(step.folder)}
            >
              <bdi>{printable(step.name)}</bdi>
            </button>
          </li>
        ))}
      </ol>
    </nav>
  );
}

function Failed() {
  const { files, app } = text.value;
  return (
    <div class="padded" role="alert">
      <p class="error">
        {files.failed} {failureText(listError.value)}
      </p>
      <button type="button" onClick={() => void load()}>
        {app.retry}
      </button>
    </div>
  );
}

function Empty({ searching }: { searching: boolean }) {
  const { files } = text.value;
  const { folder, find, scope } = folderView.value;
  const byHash = recognise(find).kind !== "text";
  const [title, explanation] = searching
    ? [
        files.noneFoundTitle,
        byHash ? files.noneFoundHash : scope === "loaded" ? files.noneFoundLoaded : files.noneFoundPrefix,
      ]
    : folder === ""
      ? [files.emptyTitle, files.empty]
      : [files.emptyFolderTitle, files.emptyFolder];
  return (
    <div class="empty">
      <Icon name={searching ? "search" : "folder"} />
      <h3>{title}</h3>
      <p>{explanation}</p>
    </div>
  );
}

function Foot({ count, all }: { count: number; all: boolean }) {
  const { files } = text.value;
  return (
    <div class="files-foot">
      <span class="muted">{files.loaded(count, all)}</span>
      {!all && (
        <button type="button" disabled={listState.value === "loading"} onClick={() => void load(true)}>
          {files.more}
        </button>
      )}
    </div>
  );
}
