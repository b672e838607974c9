import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { Workers } from "../src/hash/workers.js";

it("without workers, as in Node, this thread does the work", async () => {
  expect(typeof Worker).toBe("undefined");
  const bytes = new Uint8Array(9 << 20).fill(7);
  const input = { blob: new Blob([bytes]), algorithm: "sha256" } as const;
  const digest = await new Workers().read("owner", "digest", input);
  expect(digest).toBe(createHash("sha256").update(bytes).digest("hex"));
});

it("on this thread too, a job can be cancelled", async () => {
  const controller = new AbortController();
  const input = { blob: new Blob([new Uint8Array(9 << 20)]), algorithm: "sha256" } as const;
  const digest = new Workers().read("owner", "digest", input, { signal: controller.signal });
  setTimeout(() => controller.abort());
  await expect(digest).rejects.toMatchObject({ code: "aborted" });
});
