import { expect } from "vitest";
import { MIB, sha256Of } from "../src/files.js";
import { story } from "../src/story.js";

story("bytes that the account has are not sent", async ({ visit, account, files }) => {
  const file = await files.random("first.bin", 12 * MIB);
  const copy = await files.changed("copy.bin", file, (bytes) => bytes);
  const visitor = await visit({ as: account });
  await visitor.choose([file]);
  await visitor.until("first.bin", "Available");
  visitor.wire.reset();
  await visitor.choose([copy]);
  await visitor.until("copy.bin", "Already stored: sent 0 bytes");
  expect(visitor.wire.puts).toEqual([]);
  expect((await account.at("copy.bin"))?.sha256).toBe(await sha256Of(file.path));
});

// Large files are hashed while they are sent, so the account's bytes may be recognised at any time.
story("the page shows how much of a large copy was sent", async ({ visit, account, files }) => {
  const file = await files.random("first.bin", 24 * MIB);
  const early = await files.changed("early.bin", file, (bytes) => bytes);
  const late = await files.changed("late.bin", file, (bytes) => bytes);
  const visitor = await visit({ as: account });
  const { wire } = visitor;
  await visitor.choose([file]);
  await visitor.until("first.bin", "Available");

  wire.reset();
  await wire.hold(1, 2);
  await visitor.choose([early]);
  await visitor.until("early.bin", "Already stored: sent 0 bytes");
  expect(wire.puts).toEqual([]);

  await wire.release();
  wire.reset();
  await wire.hold(2);
  await wire.holdCalls("/lookups");
  await visitor.choose([late]);
  await visitor.until("late.bin", "Uploading 1 of 2 parts");
  await expect.poll(() => wire.calls).toContain("POST /lookups");
  await wire.release();
  await visitor.until("late.bin", "Already stored");
  expect(wire.sentBytes).toBeGreaterThanOrEqual(16 * MIB);
  expect(await visitor.upload("late.bin").textContent()).not.toContain("sent 0 bytes");
});

story("only the new chunks of an edited file are sent", async ({ visit, account, files }) => {
  const file = await files.random("disk.img", 24 * MIB);
  const edited = await files.changed("edited/disk.img", file, (bytes) =>
    Buffer.concat([Buffer.from("!"), bytes]),
  );
  const visitor = await visit({ as: account });
  const { page } = visitor;
  await visitor.choose([file]);
  await visitor.until("disk.img", "Available");
  await visitor.button("Clear finished").click();

  visitor.wire.reset();
  await visitor.choose([edited]);
  await visitor.until("disk.img", /Available · sent .* of 24.0\d MiB, the rest was already stored/);
  expect(visitor.wire.sentBytes).toBeGreaterThan(0);
  expect(visitor.wire.sentBytes).toBeLessThan(MIB);
  expect((await account.at("disk.img"))?.sha256).toBe(await sha256Of(edited.path));
  await visitor.picture("delta");
  const download = await visitor.saved(visitor.button("Download disk.img"));
  expect(await sha256Of(await download.path())).toBe(await sha256Of(edited.path));

  await page.getByRole("button", { name: /^Storage/ }).click();
  await page.getByRole("dialog", { name: "Storage" }).getByText("Deduplication saved").waitFor();
  await visitor.picture("storage");
});
