import { expect } from "vitest";
import { sha1Of, sha256Of } from "../src/files.js";
import { story } from "../src/story.js";

story(
  "a file is renamed, replaced, restored, found, deleted and undeleted",
  async ({ visit, account, files }) => {
    const first = await files.random("draft.bin", 50_000);
    const visitor = await visit({ as: account });
    const { page } = visitor;
    await visitor.choose([first]);
    await visitor.until("draft.bin", "Available");

    await visitor.button("Rename draft.bin").click();
    const rename = page.getByRole("dialog", { name: "Rename or move" });
    // The dialog selects a part of the path when it has opened.
    await rename.locator("input:focus").waitFor();
    await rename.getByLabel("New path").fill("reports/2026.bin");
    await rename.getByRole("button", { name: "Rename" }).click();
    await visitor.button("Open folder reports").click();
    await visitor.file("2026.bin").waitFor();

    const second = await files.random("2026.bin", 60_000);
    await visitor.choose([second]);
    await visitor.upload("2026.bin").getByText("new version").waitFor();
    await visitor.until("2026.bin", "Available");
    await visitor.button("Versions of 2026.bin").click();
    const versions = page.getByRole("dialog", { name: "Versions" });
    await versions.getByText(await sha256Of(second.path)).waitFor();
    await visitor.picture("versions");
    await versions.getByRole("button", { name: /^Restore the version of/ }).click();
    await expect.poll(() => versions.getByRole("listitem").count()).toBe(3);
    await versions.getByRole("button", { name: "Close" }).click();
    const restored = await account.at("reports/2026.bin");
    expect(restored?.sha256).toBe(await sha256Of(first.path));

    const results = page.getByRole("region", { name: "Search results" });
    const search = page.getByRole("searchbox", { name: "Find files" });
    /** Searches, and waits for the answer. Until then, earlier results may show. */
    const searched = async (words: string) => {
      const answer = page.waitForResponse((response) => response.url().includes(encodeURIComponent(words)));
      await visitor.button("Search").click();
      await answer;
    };
    const searches = [
      ["reports/20", "path begins with, everywhere"],
      [await sha256Of(first.path), undefined],
      [await sha1Of(first.path), undefined],
    ] as const;
    for (const [text, scope] of searches) {
      await search.fill(text);
      if (scope !== undefined) await page.getByLabel("How to search").selectOption(scope);
      await searched(text);
      await results
        .getByRole("button", { name: "reports/2026.bin" })
        .or(results.getByRole("button", { name: "2026.bin", exact: true }))
        .first()
        .waitFor();
    }
    await search.fill("f".repeat(64));
    await searched("f".repeat(64));
    await page.getByRole("heading", { name: "Nothing found" }).waitFor();
    await visitor.button("Clear search").click();

    await visitor.button("Delete 2026.bin").click();
    const undo = visitor.button("Undo: restore 2026.bin");
    await undo.waitFor();
    await expect.poll(() => visitor.file("2026.bin").count()).toBe(0);
    expect(await account.at("reports/2026.bin")).toBeUndefined();
    await visitor.picture("deleted");
    await undo.click();
    await visitor.file("2026.bin").waitFor();
    expect((await account.at("reports/2026.bin"))?.sha256).toBe(await sha256Of(first.path));

    await visitor.button("Sign out").click();
    await page.getByRole("heading", { name: "Sign in to Sluice" }).waitFor();
  },
);

story("dropped folders are uploaded with all their files", async ({ visit, account, files }) => {
  const inFolder = [
    await files.random("photos/one.jpg", 1000),
    await files.random("photos/2026/two.jpg", 2000),
    await files.random("photos/2026/may/three.jpg", 3000),
  ];
  const sibling = await files.random("beside.txt", 500);
  const visitor = await visit({ as: account, withHandles: true });
  await visitor.drop([`${files.folder}/photos`, sibling.path]);
  await visitor.uploads.getByText("4 of 4 files finished").waitFor();
  for (const file of [...inFolder, sibling]) {
    const path = file.path.slice(files.folder.length + 1);
    expect((await account.at(path))?.sha256, path).toBe(await sha256Of(file.path));
  }
  await visitor.button("Open folder photos").click();
  await visitor.file("one.jpg").waitFor();
});

story("every deleted file can be undeleted, and is deleted once", async ({ visit, account, files }) => {
  const made = [];
  for (let index = 1; index <= 5; index++) made.push(await files.random(`${index}.txt`, 100 + index));
  const visitor = await visit({ as: account });
  const { page, wire } = visitor;
  await visitor.choose(made);
  await visitor.uploads.getByText("5 of 5 files finished").waitFor();
  await wire.holdCalls("/files/*");
  await visitor.button("Delete 1.txt").click();
  await visitor.file("1.txt").getByText("Deleting…").waitFor();
  expect(await visitor.button("Delete 1.txt").isDisabled()).toBe(true);
  await wire.release();
  await expect.poll(() => visitor.file("1.txt").count()).toBe(0);
  for (const { name } of made.slice(1)) {
    await visitor.button(`Delete ${name}`).click();
    await visitor.button(`Undo: restore ${name}`).waitFor();
  }
  await visitor.button("Show 2 earlier messages").click();
  for (const { name } of made) await visitor.button(`Undo: restore ${name}`).click();
  for (const { name } of made) await visitor.file(name).waitFor();
  expect(await account.count("")).toBe(5);
  await expect.poll(() => page.getByText(/was deleted/).count()).toBe(0);
});
