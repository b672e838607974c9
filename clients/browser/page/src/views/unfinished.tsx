import type { UnfinishedUpload } from "@sluice/browser";
import { useRef, useState } from "preact/hooks";
import { text } from "../i18n/index.js";
import { baseName, printable } from "../names.js";
import { resumeByHandle, resumeWith } from "../state/adding.js";
import { abandonUpload, waitingForFile } from "../state/unfinished.js";
import { focusSoon } from "./focus.js";
import { IconButton } from "./icon-button.js";
import { Icon } from "./icons.js";

const PORTION = 10;

/** Open uploads that need their file again. */
export function UnfinishedUploads() {
  const { unfinished } = text.value;
  const [most, setMost] = useState(PORTION);
  const all = waitingForFile.value;
  return (
    <section class="card" aria-labelledby="unfinished-title">
      <h2 id="unfinished-title" tabIndex={-1}>
        {unfinished.title}
      </h2>
      <p class="muted">{unfinished.explanation}</p>
      <ul class="rows" aria-labelledby="unfinished-title">
        {all.slice(0, most).map((upload) => (
          <Row key={upload.uploadId} upload={upload} />
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

function Row({ upload }: { upload: UnfinishedUpload }) {
  const { unfinished } = text.value;
  const input = useRef<HTMLInputElement>(null);
  const [problem, setProblem] = useState<"differs" | "refused" | undefined>(undefined);
  const name = baseName(upload.path);
  const resume = async () => {
    if (await resumeByHandle(upload)) focusSoon("#queue-title");
    else setProblem("refused");
  };
  const picked = () => {
    const file = input.current?.files?.[0];
    if (file === undefined) return;
    if (resumeWith(upload, file)) focusSoon("#queue-title");
    else setProblem("differs");
    if (input.current !== null) input.current.value = "";
  };
  const leave = async () => {
    await abandonUpload(upload);
    focusSoon(waitingForFile.peek().length > 0 ? "#unfinished-title" : "#queue-title");
  };
  return (
    <li class="row unfinished">
      <Icon name="clock" />
      <div class="row-text">
        <p class="row-name" title={printable(upload.path)}>
          <bdi>{printable(upload.path)}</bdi>
        </p>
        <About upload={upload} />
        {problem !== undefined && (
          <p class="error" role="alert">
            {problem === "differs" ? unfinished.differs(upload.size) : unfinished.refused}
          </p>
        )}
        <div class="buttons">
          {upload.file !== undefined && (
            <button type="button" aria-label={unfinished.resumeNamed(name)} onClick={() => void resume()}>
              {unfinished.resume}
            </button>
          )}
          <button
            type="button"
            aria-label={unfinished.pickNamed(name)}
            onClick={() => input.current?.click()}
          >
            {unfinished.pick}
          </button>
          <input ref={input} type="file" hidden data-for="unfinished" onChange={picked} />
        </div>
      </div>
      <div class="row-buttons">
        <IconButton icon="close" label={unfinished.abandon(name)} onClick={() => void leave()} />
      </div>
    </li>
  );
}

function About({ upload }: { upload: UnfinishedUpload }) {
  const { unfinished } = text.value;
  const { receivedBytes, size, expiresAt, pickedFile } = upload;
  return (
    <p class="row-state">
      {receivedBytes === undefined ? unfinished.size(size) : unfinished.received(receivedBytes, size)}
      {" · "}
      {unfinished.until(expiresAt)}
      {" · "}
      {pickedFile === undefined
        ? unfinished.elsewhere
        : unfinished.was(pickedFile.name, pickedFile.lastModified)}
    </p>
  );
}
