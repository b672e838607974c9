import "fake-indexeddb/auto";
import type { UnfinishedUpload, Version } from "@sluice/browser";
import { beforeEach, expect, it, vi } from "vitest";

const server = vi.hoisted(() => ({ uploads: [] as UnfinishedUpload[], versions: [] as Version[] }));
const { abandon, listFiles } = vi.hoisted(() => ({ abandon: vi.fn(), listFiles: vi.fn() }));
vi.mock("@sluice/browser", () => ({
  abandon,
  account: async () => ({ accountId: "1" }),
  connect: () => ({}),
  listFiles,
  SluiceError: class extends Error {},
  unfinished: async () => server.uploads,
}));
vi.mock("../src/state/failures.js", () => ({ failureText: String }));
vi.stubGlobal("addEventListener", () => {});
vi.stubGlobal("location", { hash: "" });

const { newDrop, noteFiles } = await import("../src/state/drops.js");
const { newEntry, notePhase } = await import("../src/state/queue.js");
const { me, refreshAccount } = await import("../src/state/session.js");
const { forgetEnded, refreshUnfinished, unfinishedGroups } = await import("../src/state/unfinished.js");

const picked = (path: string) => ({ path, file: new File(["12345"], path, { lastModified: 7 }) });
const upload = (path: string, isHere: boolean): UnfinishedUpload => ({
  uploadId: `upload-${path}`,
  state: "open",
  path,
  versionId: "v5",
  size: 5,
  expiresAt: new Date(1000),
  ...(isHere && { pickedFile: { name: path, size: 5, lastModified: 7 } }),
});

beforeEach(async () => {
  vi.clearAllMocks();
  listFiles.mockImplementation(async () => ({ items: server.versions, prefixes: [] }));
  server.versions = [];
  await refreshAccount();
  await noteFiles(newDrop(me.value?.accountId ?? "", ""), [picked("a"), picked("b")]);
  server.uploads = [upload("a", true), upload("b", false)];
});

it("what is available no longer aborts uploads that other clients began", async () => {
  await refreshUnfinished();
  const ended = ["a", "b"].map((path) => newEntry(picked(path), false));
  for (const entry of ended) notePhase(entry, "available");
  await forgetEnded(ended);
  expect(abandon.mock.calls.map(([, id]) => id)).toEqual(["upload-a"]);
  expect(unfinishedGroups.value).toEqual([]);
});

it("uploads of other clients to a path that was uploaded otherwise are left alone", async () => {
  server.versions = ["a", "b"].map((path) => ({ path, versionId: "v6", size: 5 }) as Version);
  await refreshUnfinished();
  expect(abandon.mock.calls.map(([, id]) => id)).toEqual(["upload-a"]);
  expect(unfinishedGroups.value).toEqual([]);
});

it("a later refresh ends an earlier one", async () => {
  server.uploads = [upload("x/1", true), upload("y/1", true)];
  let again: Promise<void> | undefined;
  listFiles.mockImplementation(async () => {
    server.uploads = [];
    again ??= refreshUnfinished();
    return { items: [], prefixes: [] };
  });
  await refreshUnfinished();
  await again;
  // The earlier one asked about its first group, the later one about the drop.
  expect(listFiles).toHaveBeenCalledTimes(2);
});
