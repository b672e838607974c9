/** How long the page is blocked at a time. */
const SLICE_MILLISECONDS = 30;

/** Yields what `make` returns for the items, in portions, and lets the page respond between them. */
export async function* inSlices<Item, Made>(
  items: Iterable<Item>,
  make: (item: Item) => Made,
): AsyncGenerator<Made[]> {
  let slice: Made[] = [];
  let until = performance.now() + SLICE_MILLISECONDS;
  for (const item of items) {
    slice.push(make(item));
    if (performance.now() < until) continue;
    yield slice;
    await new Promise((resolve) => setTimeout(resolve));
    slice = [];
    until = performance.now() + SLICE_MILLISECONDS;
  }
  yield slice;
}
