/** A controller whose signal also ends with `outer`; to be unlinked once it is of no more use. */
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
