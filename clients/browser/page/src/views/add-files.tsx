import { useRef } from "preact/hooks";
import { text } from "../i18n/index.js";
import { addChosen, chooseFiles, reading } from "../state/adding.js";
import { folderView } from "../state/location.js";
import { Icon } from "./icons.js";

const canChooseFolders = "webkitdirectory" in HTMLInputElement.prototype;
const chooseFolders = { webkitdirectory: true };

/** Buttons to choose files and folders, as an alternative to dropping them. */
export function AddFiles() {
  const { drop } = text.value;
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  return (
    <section class="add" aria-labelledby="add-title">
      <h2 id="add-title" class="visually-hidden">
        {drop.title}
      </h2>
      <Icon name="upload" />
      <p>
        <strong>{drop.invitation}</strong>
        <span class="muted">
          {reading.value === undefined ? drop.target(folderView.value.folder) : drop.reading(reading.value)}
        </span>
      </p>
      <div class="buttons">
        <button
          type="button"
          class="primary"
          onClick={() => files.current && void chooseFiles(files.current)}
        >
          {drop.chooseFiles}
        </button>
        {canChooseFolders && (
          <button type="button" onClick={() => folder.current?.click()}>
            {drop.chooseFolder}
          </button>
        )}
      </div>
      <input
        ref={files}
        type="file"
        multiple
        hidden
        data-for="files"
        onChange={(event) => addChosen(event.currentTarget)}
      />
      <input
        ref={folder}
        type="file"
        {...chooseFolders}
        hidden
        data-for="folder"
        onChange={(event) => addChosen(event.currentTarget)}
      />
    </section>
  );
}
