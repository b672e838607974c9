import type { Version } from "@sluice/browser";
import { format, text } from "../i18n/index.js";
import { baseName, folderOf, printable } from "../names.js";
import { dialog } from "../state/dialog.js";
import { startDownload } from "../state/downloads.js";
import { deleteWithUndo, deleting } from "../state/file-actions.js";
import { openFolder, folderView } from "../state/location.js";
import { focusSoon } from "./focus.js";
import { IconButton } from "./icon-button.js";
import { Icon } from "./icons.js";

/** A table of folders, then files. */
export function FileTable({ items, prefixes }: { items: Version[]; prefixes: string[] }) {
  const { files } = text.value;
  return (
    <table>
      <caption class="visually-hidden">{files.title}</caption>
      <thead>
        <tr>
          <th scope="col">{files.name}</th>
          <th scope="col" class="wide-cell number">
            {files.size}
          </th>
          <th scope="col" class="wide-cell">
            {files.changed}
          </th>
          <th scope="col">
            <span class="visually-hidden">{files.actions}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {prefixes.map((prefix) => (
          <FolderRow key={prefix} prefix={prefix} />
        ))}
        {items.map((version) => (
          <FileRow key={version.fileId} version={version} />
        ))}
      </tbody>
    </table>
  );
}

function FolderRow({ prefix }: { prefix: string }) {
  const { files } = text.value;
  const name = baseName(prefix);
  return (
    <tr class="folder">
      <th scope="row">
        <span class="name-cell">
          <Icon name="folder" />
          <button
            type="button"
            class="name"
            aria-label={files.openFolder(name)}
            onClick={() => openFolder(prefix)}
          >
            <bdi>{printable(name)}</bdi>
          </button>
        </span>
      </th>
      <td class="wide-cell" />
      <td class="wide-cell muted">{files.folder}</td>
      <td />
    </tr>
  );
}

function FileRow({ version }: { version: Version }) {
  const f = format.value;
  const name = baseName(version.path);
  const elsewhere = folderOf(version.path) !== folderView.value.folder;
  const open = (kind: "versions" | "rename") => () => {
    dialog.value = { kind, version };
  };
  const isLeaving = deleting.value.has(version.fileId);
  return (
    <tr aria-busy={isLeaving}>
      <th scope="row">
        <span class="name-cell">
          <Icon name="file" />
          <span>
            <button type="button" class="name" title={printable(version.path)} onClick={open("versions")}>
              <bdi>{printable(elsewhere ? version.path : name)}</bdi>
            </button>
            <span class="narrow-only muted">
              {f.bytes(version.size)} · {f.date(version.createdAt)}
            </span>
            {isLeaving && <span class="muted"> {text.value.files.deleting}</span>}
          </span>
        </span>
      </th>
      <td class="wide-cell number">{f.bytes(version.size)}</td>
      <td class="wide-cell muted">
        <time dateTime={version.createdAt}>{f.date(version.createdAt)}</time>
      </td>
      <td class="actions">
        <FileButtons version={version} name={name} open={open} />
      </td>
    </tr>
  );
}

function FileButtons(props: {
  version: Version;
  name: string;
  open: (kind: "versions" | "rename") => () => void;
}) {
  const { version, name, open } = props;
  const { files } = text.value;
  const isLeaving = deleting.value.has(version.fileId);
  const remove = async () => {
    await deleteWithUndo(version);
    focusSoon(".notice:last-child button");
  };
  return (
    <div class="row-buttons">
      <IconButton icon="download" label={files.download(name)} onClick={() => void startDownload(version)} />
      <IconButton icon="versions" label={files.versions(name)} onClick={open("versions")} />
      <IconButton icon="edit" label={files.rename(name)} onClick={open("rename")} disabled={isLeaving} />
      <IconButton
        icon="trash"
        label={files.delete(name)}
        onClick={() => void remove()}
        disabled={isLeaving}
      />
    </div>
  );
}
