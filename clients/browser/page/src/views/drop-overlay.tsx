import { useLayoutEffect, useState } from "preact/hooks";
import { text } from "../i18n/index.js";
import { addDropped } from "../state/adding.js";
import { folderView } from "../state/location.js";
import { Icon } from "./icons.js";

/** Uploads files dropped anywhere on the page. Returns whether files are being dragged over it. */
export function useDrops(): boolean {
  const [dragging, setDragging] = useState(false);
  // Whoever sees the page can drop files on it.
  useLayoutEffect(() => {
    const listeners = new AbortController();
    const on = (type: "dragenter" | "dragover" | "dragleave" | "drop", act: (event: DragEvent) => void) =>
      addEventListener(type, (event) => holdsFiles(event) && act(event), { signal: listeners.signal });
    on("dragenter", (event) => {
      event.preventDefault();
      setDragging(true);
    });
    on("dragover", (event) => event.preventDefault());
    // `relatedTarget` is null only when the pointer leaves the page.
    on("dragleave", (event) => event.relatedTarget === null && setDragging(false));
    on("drop", (event) => {
      event.preventDefault();
      setDragging(false);
      if (event.dataTransfer !== null) void addDropped(event.dataTransfer);
    });
    return () => listeners.abort();
  }, []);
  return dragging;
}

function holdsFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes("Files") ?? false;
}

/** Covers the page while files are dragged over it. */
export function DropOverlay() {
  return (
    <div class="drop-overlay">
      <p>
        <Icon name="upload" />
        {text.value.drop.into(folderView.value.folder)}
      </p>
    </div>
  );
}
