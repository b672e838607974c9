import { expect } from "vitest";
import { story } from "../src/story.js";

/** More than the page shows, lists at once, or runs at once. */
const COUNT = 150;
const SIZE = 1000;
/** The most rows that the page shows. */
const ROWS_MAX = 50;

story("more files at once than the page runs all become available", async ({ visit, account, files }) => {
  for (let index = 0; index < COUNT; index++) await files.random(`many/${index}.txt`, SIZE);
  const visitor = await visit({ as: account });
  const { page } = visitor;
  await visitor.chooseFolder(`${files.folder}/many`);
  await visitor.uploads.getByText(`of ${COUNT} files finished`).waitFor();
  expect(await visitor.uploads.getByRole("listitem").count()).toBeLessThanOrEqual(ROWS_MAX);
  await visitor.picture("many");
  // The page stays responsive.
  await page.getByLabel("Language").selectOption("zh-CN");
  await page.getByRole("region", { name: "上传", exact: true }).waitFor();
  await page.getByLabel("语言").selectOption("en");

  await visitor.uploads.getByText(`${COUNT} of ${COUNT} files finished`).waitFor({ timeout: 200_000 });
  await visitor.uploads.getByText("146.48 KiB of 146.48 KiB").waitFor();
  expect(visitor.wire.sentBytes).toBe(COUNT * SIZE);
  await visitor.button("Open folder many").click();
  await page.getByText("100 items loaded, more available").waitFor();
  expect(await account.count("many/")).toBe(COUNT);
});
