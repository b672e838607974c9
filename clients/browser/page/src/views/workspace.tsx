import { downloads } from "../state/downloads.js";
import { unfinishedGroups } from "../state/unfinished.js";
import { AddFiles } from "./add-files.js";
import { Downloads } from "./downloads.js";
import { DropOverlay, useDrops } from "./drop-overlay.js";
import { Files } from "./files.js";
import { Queue } from "./queue.js";
import { UnfinishedUploads } from "./unfinished.js";

/** The page with a session: uploads, downloads and files. */
export function Workspace() {
  const dragging = useDrops();
  return (
    <main class="workspace">
      <AddFiles />
      <div class="transfers">
        <Queue />
        {unfinishedGroups.value.length > 0 && <UnfinishedUploads />}
        {downloads.value.length > 0 && <Downloads />}
      </div>
      <Files />
      {dragging && <DropOverlay />}
    </main>
  );
}
