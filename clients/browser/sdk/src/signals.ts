/** Makes a controller that also aborts with `outer`. Call `unlink` when it is no longer needed. */
export function linked(outer: AbortSignal): {
  controller: AbortController;
  signal: AbortSignal;
  unlink: () => void;
} {
  const controller = new AbortController();
  const onAbort = () => controller.abort();
  if (outer.aborted) onAbort();
  outer.addEventListener("abort", onAbort);
  return { controller, signal: controller.signal, unlink: () => outer.removeEventListener("abort", onAbort) };
}
