import { expect } from "vitest";
import { assertAccessible, assertFitsAcross } from "../src/accessibility.js";
import { type LocalFile, MIB, sha256Of } from "../src/files.js";
import { story } from "../src/story.js";
import type { Visitor } from "../src/visitor.js";

/** The part size that the server chooses for files of this size. */
const PART = 16 * MIB;

/** Sends the first of two parts, then reloads the page. */
async function stopHalfway(visitor: Visitor, file: LocalFile): Promise<void> {
  await visitor.until(file.name, "Uploading 1 of 2 parts");
  await visitor.page.reload();
  await visitor.wire.release();
}

story(
  "a folder that was stopped is one entry and sends only what is missing",
  async ({ visit, account, files }) => {
    const big = await files.random("photos/big.bin", 2 * PART);
    for (const name of ["a", "b", "c"]) await files.random(`photos/${name}.txt`, 1000);
    const visitor = await visit({ as: account });
    const { page } = visitor;
    await visitor.wire.hold(2);
    await visitor.chooseFolder(`${files.folder}/photos`);
    await visitor.uploads.getByText("3 of 4 files finished").waitFor();
    await stopHalfway(visitor, big);

    await visitor.unfinished.getByText("3 of 4 files uploaded · 16.00 MiB of 32.00 MiB").waitFor();
    await visitor.unfinished.getByText("Only what is missing will be sent").waitFor();
    expect(await visitor.unfinished.getByRole("listitem").count()).toBe(1);
    await visitor.picture("unfinished");
    await assertAccessible(page, "unfinished");
    await page.setViewportSize({ width: 360, height: 740 });
    await page.getByLabel("Language").selectOption("zh-CN");
    await page.getByRole("heading", { name: "未完成的上传" }).scrollIntoViewIfNeeded();
    await visitor.picture("unfinished-360-zh");
    await assertFitsAcross(page, "unfinished, 360 pixels");
    await page.getByLabel("语言").selectOption("en");
    await page.setViewportSize({ width: 1280, height: 900 });

    visitor.wire.reset();
    await visitor.chooseFolder(`${files.folder}/photos`, "Choose the folder again: photos");
    await visitor.until(big.name, "Available");
    expect(visitor.wire.sentBytes).toBe(PART);
    expect((await account.at("photos/big.bin"))?.sha256).toBe(await sha256Of(big.path));
    await expect.poll(() => visitor.unfinished.count()).toBe(0);
  },
);

story("files that had not begun are not forgotten", async ({ visit, account, files }) => {
  const count = 30;
  for (let index = 0; index < count; index++) await files.random(`late/${index}.txt`, 1000);
  const visitor = await visit({ as: account });
  await visitor.wire.holdCalls("/uploads");
  await visitor.chooseFolder(`${files.folder}/late`);
  await visitor.uploads.getByText(`0 of ${count} files finished`).waitFor();
  await visitor.page.reload();
  await visitor.wire.release();

  await visitor.unfinished.getByText(`No part of the ${count} unfinished files is kept`).waitFor();
  await visitor.chooseFolder(`${files.folder}/late`, "Choose the folder again: late");
  await visitor.uploads.getByText(`${count} of ${count} files finished`).waitFor();
  await expect.poll(() => visitor.unfinished.count()).toBe(0);
  await visitor.page.reload();
  await visitor.uploads.waitFor();
  expect(await account.count("late/")).toBe(count);
  expect(await account.reservedBytes()).toBe(0);
});

story("what is given up leaves nothing", async ({ visit, account, files }) => {
  const file = await files.random("unwanted.bin", 2 * PART);
  const visitor = await visit({ as: account });
  await visitor.wire.hold(2);
  await visitor.choose([file]);
  await stopHalfway(visitor, file);

  await visitor.button("Give up: unwanted.bin").click();
  const question = visitor.page.getByRole("dialog", { name: "Give up these uploads?" });
  await question.getByText("16.00 MiB on the server will be discarded").waitFor();
  await visitor.picture("give-up");
  await visitor.button("Keep them").click();
  expect(await account.open()).toEqual([file.name]);
  await visitor.button("Give up: unwanted.bin").click();
  await visitor.button("Give up").click();
  await expect.poll(() => visitor.unfinished.count()).toBe(0);
  expect(await account.open()).toEqual([]);
  expect(await account.reservedBytes()).toBe(0);
});

story("an entry goes once its path was uploaded otherwise", async ({ visit, account, files }) => {
  const file = await files.random("other.bin", 2 * PART);
  const shorter = await files.random("shorter/other.bin", MIB);
  const visitor = await visit({ as: account });
  await visitor.wire.hold(2);
  await visitor.choose([file]);
  await stopHalfway(visitor, file);
  await visitor.unfinished.waitFor();

  const elsewhere = await visit({ as: account });
  await elsewhere.choose([shorter]);
  await elsewhere.until(shorter.name, "Available");
  expect(await account.open()).toEqual([file.name]);
  await visitor.page.reload();
  await visitor.file("Download other.bin").waitFor();
  await expect.poll(() => visitor.unfinished.count()).toBe(0);
  await expect.poll(() => account.open()).toEqual([]);
  expect(await account.reservedBytes()).toBe(0);
});
