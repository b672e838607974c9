import { expect } from "vitest";
import { freshName, PASSWORD } from "../src/account.js";
import { MIB, sha256Of } from "../src/files.js";
import { story } from "../src/story.js";

story("from the sign-up to a download of the same bytes", async ({ visit, files }) => {
  const visitor = await visit();
  const { page } = visitor;
  await visitor.button("No account yet? Create one").click();
  await page.getByLabel("User name").fill(freshName());
  await page.getByLabel("Password").fill(PASSWORD);
  await visitor.picture("sign-up");
  await visitor.button("Create account").click();
  await page.getByRole("heading", { name: "Nothing here yet" }).waitFor();
  await visitor.picture("empty");

  const small = await files.random("small.bin", 100_000);
  const large = await files.random("large.bin", 24 * MIB);
  await visitor.choose([small, large]);
  for (const { name } of [small, large]) await visitor.until(name, "Available");
  await visitor.uploads.getByText("2 of 2 files finished").waitFor();
  expect(visitor.wire.sentBytes).toBe(small.size + large.size);

  for (const file of [small, large]) {
    const download = await visitor.saved(visitor.button(`Download ${file.name}`));
    expect(download.suggestedFilename()).toBe(file.name);
    expect(await sha256Of(await download.path())).toBe(await sha256Of(file.path));
    await visitor.downloads
      .getByRole("listitem")
      .filter({ hasText: file.name })
      .getByText("verified")
      .waitFor();
  }
  await visitor.picture("list-and-downloads");
});

story("a large download is streamed to the chosen file", async ({ visit, account, files }) => {
  const file = await files.random("large.bin", 65 * MIB);
  const visitor = await visit({ as: account, withHandles: true });
  const { page } = visitor;
  await visitor.drop([file.path]);
  await visitor.until(file.name, "Available");
  // A file of the browser's own file system, because a test cannot choose one on disk.
  await page.evaluate(async () => {
    const folder = await navigator.storage.getDirectory();
    const handle = await folder.getFileHandle("saved.bin", { create: true });
    Object.assign(window, { showSaveFilePicker: async () => handle });
  });
  await visitor.button(`Download ${file.name}`).click();
  await visitor.downloads.getByText("Saved · every chunk and the SHA-256 verified").waitFor();
  const sha256 = await page.evaluate(async () => {
    const folder = await navigator.storage.getDirectory();
    const saved = await (await folder.getFileHandle("saved.bin")).getFile();
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await saved.arrayBuffer()));
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  });
  expect(sha256).toBe(await sha256Of(file.path));
});
