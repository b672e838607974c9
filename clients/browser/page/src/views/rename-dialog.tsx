import { SluiceError, type Version } from "@sluice/browser";
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { text } from "../i18n/index.js";
import { baseName, printable } from "../names.js";
import { pathProblem } from "../paths.js";
import { closeDialog } from "../state/dialog.js";
import { failureText } from "../state/failures.js";
import { rename } from "../state/file-actions.js";
import { Dialog } from "./dialog.js";

/** Renames a file or moves it to another folder. */
export function RenameDialog({ version }: { version: Version }) {
  const { rename: words, app } = text.value;
  const [path, setPath] = useState(version.path);
  const [error, setError] = useState<unknown>(undefined);
  const [busy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const problem = pathProblem(path);
  const inUse = error instanceof SluiceError && error.code === "path_in_use";
  useNameSelected(input, version.path);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (problem !== undefined || path === version.path) return input.current?.focus();
    setBusy(true);
    try {
      await rename(version, path, inUse);
      closeDialog();
    } catch (failure) {
      setError(failure);
      setBusy(false);
      input.current?.focus();
    }
  };
  return (
    <Dialog title={words.title} onClose={closeDialog}>
      <p class="muted">
        <bdi>{printable(version.path)}</bdi>
      </p>
      <form onSubmit={submit}>
        <label htmlFor={`${id}p`}>{words.path}</label>
        <input
          ref={input}
          id={`${id}p`}
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          value={path}
          aria-invalid={problem !== undefined || error !== undefined}
          aria-describedby={`${id}h ${id}e`}
          onInput={(event) => {
            setPath(event.currentTarget.value);
            setError(undefined);
          }}
        />
        <p id={`${id}h`} class="hint">
          {words.hint}
        </p>
        <p id={`${id}e`} class="error" role="alert">
          {problem !== undefined
            ? words[problem]
            : inUse
              ? words.inUse
              : error !== undefined && failureText(error)}
        </p>
        <div class="buttons end">
          <button type="button" onClick={closeDialog}>
            {app.cancel}
          </button>
          <button type="submit" class="primary" disabled={busy}>
            {inUse ? words.overwrite : words.submit}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** Selects the name without its extension, which is what people usually change. */
function useNameSelected(input: { current: HTMLInputElement | null }, path: string): void {
  useLayoutEffect(() => {
    const from = path.length - baseName(path).length;
    const dot = path.lastIndexOf(".");
    // After the dialog has set its own focus.
    const frame = requestAnimationFrame(() => {
      input.current?.focus();
      input.current?.setSelectionRange(from, dot > from ? dot : path.length);
    });
    return () => cancelAnimationFrame(frame);
  }, [input, path]);
}
