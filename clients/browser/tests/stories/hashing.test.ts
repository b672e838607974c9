import { expect } from "vitest";
import { MIB } from "../src/files.js";
import { story } from "../src/story.js";

const SIZE = 256 * MIB;
const PARTS = 16;

story("a large file is hashed in a worker", async ({ visit, account, files }) => {
  const file = await files.sparse("large.img", SIZE);
  const visitor = await visit({ as: account });
  const { page } = visitor;
  await page.evaluate(() => {
    const tasks: number[] = [];
    new PerformanceObserver((list) =>
      tasks.push(...list.getEntries().map((entry) => entry.duration)),
    ).observe({ type: "longtask" });
    Object.assign(window, { longTasks: tasks });
  });
  await visitor.wire.hold(...Array.from({ length: PARTS }, (_, index) => index + 1));
  await visitor.choose([file]);
  // Once the hash is known, the page asks the server whether it has the bytes.
  await expect.poll(() => visitor.wire.calls).toContain("POST /lookups");
  expect(page.workers().map((worker) => worker.url())).toEqual([expect.stringContaining("/assets/worker")]);
  expect(visitor.wire.puts).toEqual([]);
  const tasks = await page.evaluate(() => (window as unknown as { longTasks: number[] }).longTasks);
  console.log(
    `256 MiB hashed; tasks of over 50 ms on the main thread: ${tasks.map(Math.round).join(", ") || "none"}`,
  );
  await visitor.button("Cancel large.img").click();
  await visitor.until(file.name, "Cancelled");
});
