import { expect } from "vitest";
import { MIB, sha256Of } from "../src/files.js";
import { story } from "../src/story.js";

const SIZE = 24 * MIB;

story("without a network an upload waits, then resumes automatically", async ({ visit, account, files }) => {
  const file = await files.random("offline.bin", SIZE);
  const visitor = await visit({ as: account });
  const context = visitor.page.context();
  await visitor.wire.hold(2);
  await visitor.choose([file]);
  await visitor.until(file.name, "Uploading 1 of 2 parts");
  await context.setOffline(true);
  await visitor.wire.release();
  await visitor.until(file.name, "No network · resumes automatically");
  await visitor.button("Reload the list").click();
  const failure = visitor.page.getByText("The list could not be loaded.");
  await failure.waitFor();
  await visitor.picture("offline");
  await context.setOffline(false);
  await failure.waitFor({ state: "hidden" });
  await visitor.until(file.name, "Available");
  expect((await account.at(file.name))?.sha256).toBe(await sha256Of(file.path));
});

// URLs are valid for at least a minute, and the library renews them before they expire. It uses an expired
// one only after a sleep, or with a wrong clock. So the test fakes the bucket's answer.
story("URLs that have expired are renewed", async ({ visit, account, files }) => {
  const file = await files.random("expired.bin", SIZE);
  const visitor = await visit({ as: account });
  const error = { status: 403, code: "AccessDenied", message: "Request has expired" };
  await visitor.wire.refuseOnce([1, 2], error);
  await visitor.choose([file]);
  await visitor.until(file.name, "Available");
  expect(visitor.wire.calls.filter((call) => /^POST \/uploads\/\w+\/parts$/.test(call))).not.toHaveLength(0);
  expect(visitor.wire.sentBytes).toBe(SIZE);
  expect((await account.at(file.name))?.sha256).toBe(await sha256Of(file.path));
});

story("an upload continues after its session has expired", async ({ visit, account, files }) => {
  const file = await files.random("session.bin", SIZE);
  const visitor = await visit({ as: account });
  const { page } = visitor;
  await visitor.wire.hold(2);
  await visitor.choose([file]);
  await visitor.until(file.name, "Uploading 1 of 2 parts");
  await page.context().clearCookies();
  await visitor.wire.release();
  const dialog = page.getByRole("dialog", { name: "Your session has ended" });
  await dialog.getByLabel("Password").fill(account.password);
  await visitor.picture("session-ended");
  await dialog.getByRole("button", { name: "Sign in", exact: true }).click();
  await visitor.until(file.name, "Available");
  expect(visitor.wire.sentBytes).toBe(SIZE);
  expect((await account.at(file.name))?.sha256).toBe(await sha256Of(file.path));
});

story("two tabs send the same file only once", async ({ visit, account, files }) => {
  const file = await files.random("twice.bin", SIZE);
  const one = await visit({ as: account });
  const other = await visit({ beside: one });
  await other.uploads.waitFor();
  await Promise.all([one.choose([file]), other.choose([file])]);
  const tabs = [one, other];
  await Promise.all(tabs.map((tab) => tab.uploads.getByText("1 of 1 file finished").waitFor()));
  expect(one.wire.sentBytes + other.wire.sentBytes).toBe(SIZE);
  const instant = await Promise.all(
    tabs.map((tab) => tab.upload(file.name).getByText("Already stored").count()),
  );
  expect(instant.toSorted()).toEqual([0, 1]);
  expect((await account.at(file.name))?.sha256).toBe(await sha256Of(file.path));
});

story(
  "a paused upload begins nothing, and a cancelled one leaves nothing",
  async ({ visit, account, files }) => {
    const file = await files.random("paused.bin", SIZE);
    const visitor = await visit({ as: account });
    await visitor.wire.hold(2);
    await visitor.choose([file]);
    await visitor.until(file.name, "Uploading 1 of 2 parts");
    await visitor.button("Pause paused.bin").click();
    await visitor.until(file.name, "Paused");
    // After `release` it might be sent before the browser has cancelled it.
    await visitor.wire.drop();
    const sent = visitor.wire.sentBytes;
    expect(await account.open()).toEqual([file.name]);
    await visitor.wire.hold(2);
    await visitor.button("Resume paused.bin").click();
    await visitor.until(file.name, "Uploading 1 of 2 parts");
    expect(visitor.wire.sentBytes).toBe(sent);
    await visitor.button("Cancel paused.bin").click();
    await visitor.until(file.name, "Cancelled");
    await visitor.uploads.getByText("0 of 1 file finished").waitFor();
    await visitor.uploads.getByText("1 cancelled").waitFor();
    await expect.poll(() => account.open()).toEqual([]);
    expect(await account.reservedBytes()).toBe(0);
  },
);

// `sentBytes` counts a cancelled PUT in full.
story("a pause loses nothing that is being sent", async ({ visit, account, files }) => {
  const file = await files.random("slow.bin", SIZE);
  const visitor = await visit({ as: account });
  await visitor.wire.slow(MIB / 4);
  await visitor.choose([file]);
  await visitor.until(file.name, "Uploading 0 of 2 parts");
  await expect.poll(() => visitor.wire.puts.length).toBe(2);
  await visitor.button("Pause slow.bin").click();
  await visitor.until(file.name, "Paused · finishing what is being sent");
  await visitor.button("Resume slow.bin").click();
  await visitor.until(file.name, "Uploading");
  await visitor.button("Pause slow.bin").click();
  await visitor.wire.slow(-1);
  await visitor.until(file.name, /^Paused$/);
  await visitor.button("Resume slow.bin").click();
  await visitor.until(file.name, "Available");
  expect(visitor.wire.sentBytes).toBe(SIZE);
  expect((await account.at(file.name))?.sha256).toBe(await sha256Of(file.path));
});

story("a part whose answer was lost is not sent again", async ({ visit, account, files }) => {
  const file = await files.random("unanswered.bin", SIZE);
  const visitor = await visit({ as: account });
  await visitor.wire.loseAnswers(1, 2);
  await visitor.choose([file]);
  await visitor.until(file.name, "Available");
  expect(visitor.wire.sentBytes).toBe(SIZE);
  expect((await account.at(file.name))?.sha256).toBe(await sha256Of(file.path));
});
