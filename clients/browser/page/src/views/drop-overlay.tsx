import { useEffect, useState } from "preact/hooks";
import { text } from "../i18n/index.js";
import { addDropped } from "../state/adding.js";
import { place } from "../state/location.js";
import { Icon } from "./icons.js";

/** Takes what is dropped anywhere on the page; tells whether something is held over it. */
export function useDrops(): boolean {
  const [dragging, setDragging] = useState(false);
  useEffect(() => {
    const listeners = new AbortController();
    const on = (type: "dragenter" | "dragover" | "dragleave" | "drop", act: (event: DragEvent) => void) =>
      addEventListener(type, (event) => holdsFiles(event) && act(event), { signal: listeners.signal });
    on("dragenter", (event) => {
      event.preventDefault();
      setDragging(true);
    });
    on("dragover", (event) => event.preventDefault());
    // Leaving an element for another is no leaving of the page: then there is no other.
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

/** Covers the page while something is held over it. */
export function DropOverlay() {
  return (
    <div class="drop-overlay">
      <p>
        <Icon name="upload" />
        {text.value.drop.into(place.value.folder)}
      </p>
    </div>
  );
}
