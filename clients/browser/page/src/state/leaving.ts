import { computed, effect } from "@preact/signals";
import { downloads, isRunning } from "./downloads.js";
import { totals } from "./queue.js";
import { isLeaving } from "./session.js";

/** Whether leaving the page would interrupt an upload, even a paused one, or a download. */
const busy = computed(
  () =>
    totals.value.active + totals.value.paused > 0 ||
    downloads.value.some((row) => isRunning(row.state.value.phase)),
);

function warn(event: BeforeUnloadEvent): void {
  if (!isLeaving) event.preventDefault();
}

/** Makes the browser ask before the page is left while something is running. */
export function guardLeaving(): void {
  effect(() => {
    if (busy.value) addEventListener("beforeunload", warn);
    else removeEventListener("beforeunload", warn);
  });
}
