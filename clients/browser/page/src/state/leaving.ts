import { computed, effect } from "@preact/signals";
import { downloads, isRunning } from "./downloads.js";
import { totals } from "./queue.js";
import { leaving } from "./session.js";

/** Whether leaving the page would break something off: an upload, even a paused one, or a download. */
const busy = computed(
  () =>
    totals.value.active + totals.value.paused > 0 ||
    downloads.value.some((row) => isRunning(row.state.value.phase)),
);

function warn(event: BeforeUnloadEvent): void {
  if (!leaving) event.preventDefault();
}

/** Has the browser ask before the page is left, for as long as that would break something off. */
export function guardLeaving(): void {
  effect(() => {
    if (busy.value) addEventListener("beforeunload", warn);
    else removeEventListener("beforeunload", warn);
  });
}
