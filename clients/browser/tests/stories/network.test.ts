import { expect } from "vitest";
import { MIB, sha256Of } from "../src/files.js";
import { story } from "../src/story.js";

const SIZE = 24 * MIB;

story("without a network an upload waits, and then goes on by itself", async ({ visit, account, files }) => {
  const file = await files.random("offline.bin", SIZE);
  const visitor = await visit({ as: account });
  const context = visitor.page.context();
  await visitor.wire.hold(2);
  await visitor.choose([file]);
  await visitor.until(file.name, "Uploading 1 of 2 parts");
  await context.setOffline(true);
  await visitor.wire.release();
  await visitor.until(file.name, "No network: goes on by itself when it is back");
  await visitor.picture("offline");
  await context.setOffline(false);
  await visitor.until(file.name, "Available");
  expect((await account.at(file.name))?.sha256).toBe(await sha256Of(file.path));
});

// A URL lives for a minute at least, and the library asks for new ones before the old ones end: only a clock that goes
// wrong, or a laptop that slept, lets it send to one that has expired. So the bucket's answer is given in its place.
story("URLs that have expired are signed again", async ({ visit, account, files }) => {
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

story("a session that ends amid an upload is taken up again", async ({ visit, account, files }) => {
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

story("two tabs with the same file send it once", async ({ visit, account, files }) => {
  const file = await files.random("twice.bin", SIZE);
  const one = await visit({ as: account });
  const other = await visit({ beside: one });
  await other.uploads.waitFor();
  await Promise.all([one.choose([file]), other.choose([file])]);
  const tabs = [one, other];
  await Promise.all(tabs.map((tab) => tab.uploads.getByText("1 of 1 file finished").waitFor()));
  expect(one.wire.sentBytes + other.wire.sentBytes).toBe(SIZE);
  const instant = await Promise.all(
    tabs.map((tab) => tab.upload(file.name).getByText("Already here").count()),
  );
  expect(instant.toSorted()).toEqual([0, 1]);
  expect((await account.at(file.name))?.sha256).toBe(await sha256Of(file.path));
});

story("paused, an upload sends nothing; cancelled, it leaves nothing", async ({ visit, account, files }) => {
  const file = await files.random("paused.bin", SIZE);
  const visitor = await visit({ as: account });
  await visitor.wire.hold(2);
  await visitor.choose([file]);
  await visitor.until(file.name, "Uploading 1 of 2 parts");
  await visitor.button("Pause paused.bin").click();
  await visitor.until(file.name, "Paused");
  // Released, it might leave before the browser has heard that it was given up.
  await visitor.wire.drop();
  const sent = visitor.wire.sentBytes;
  expect(await account.open()).toEqual([file.name]);
  await visitor.wire.hold(2);
  await visitor.button("Resume paused.bin").click();
  await visitor.until(file.name, "Uploading 1 of 2 parts");
  expect(visitor.wire.sentBytes).toBe(sent);
  await visitor.button("Cancel paused.bin").click();
  await visitor.until(file.name, "Cancelled");
  await expect.poll(() => account.open(), { timeout: 20_000 }).toEqual([]);
  expect(await account.reservedBytes()).toBe(0);
});
