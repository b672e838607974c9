import "fake-indexeddb/auto";
import { expect, it, vi } from "vitest";
import type { Drop } from "../src/state/database.js";
import {
  forgetFiles,
  newDrop,
  noteDone,
  noteEnded,
  noteFiles,
  NOTED_MAX,
  openDrops,
} from "../src/state/drops.js";

let account = 0;
const newAccount = () => `account-${++account}`;
const picked = (path: string, text = "12345", lastModified = 7) => ({
  path,
  file: new File([text], path, { lastModified }),
});
const pathsOf = async (accountId: string, open = openDrops) =>
  (await open(accountId)).map(({ files }) => files.map(({ path }) => path));

it("files of a drop are kept until they are available, also those that never began", async () => {
  const id = newAccount();
  const drop = newDrop(id, "in/");
  await noteFiles(drop, [picked("in/a/1"), picked("in/a/2")]);
  await noteFiles(drop, [picked("in/a/3")]);
  await noteEnded(id, [{ ...picked("in/a/1"), isAvailable: true }]);
  const [open] = await openDrops(id);
  expect(open?.drop).toMatchObject({ folder: "in/", root: "a", noted: 3, done: { count: 1, bytes: 5 } });
  expect(open?.files).toMatchObject([
    { path: "in/a/2", size: 5, lastModified: 7 },
    { path: "in/a/3", size: 5, lastModified: 7 },
  ]);
  expect(await openDrops(newAccount())).toEqual([]);
});

it("a path is in the last drop only, and an earlier upload of it does not end that", async () => {
  const id = newAccount();
  await noteFiles(newDrop(id, ""), [picked("a"), picked("b")]);
  await noteFiles(newDrop(id, ""), [picked("a", "changed")]);
  await noteEnded(id, [{ ...picked("a"), isAvailable: true }]);
  expect((await pathsOf(id)).flat().sort()).toEqual(["a", "b"]);
  await noteEnded(id, [{ ...picked("a", "changed"), isAvailable: true }]);
  expect((await pathsOf(id)).flat()).toEqual(["b"]);
});

it("cancelled and forgotten files do not count as uploaded", async () => {
  const id = newAccount();
  const drop = newDrop(id, "");
  await noteFiles(drop, [picked("a"), picked("b"), picked("c")]);
  await noteEnded(id, [{ ...picked("a"), isAvailable: false }]);
  await forgetFiles(id, ["b"]);
  expect(await openDrops(id)).toMatchObject([{ drop: { done: { count: 0 } }, files: [{ path: "c" }] }]);
});

it("files that were uploaded before the tab closed count as uploaded, once", async () => {
  const id = newAccount();
  const drop = newDrop(id, "");
  await noteFiles(drop, [picked("a"), picked("b")]);
  const stale = { ...drop };
  for (let time = 0; time < 2; time += 1) await noteDone(stale, [{ path: "a", size: 5 }]);
  expect(stale.done).toEqual({ count: 1, bytes: 5 });
  expect(await openDrops(id)).toMatchObject([{ drop: { done: { count: 1 } }, files: [{ path: "b" }] }]);
});

it("files in different folders have no common folder", async () => {
  const roots = async (...paths: string[]) => {
    const drop = newDrop(newAccount(), "");
    await noteFiles(
      drop,
      paths.map((path) => picked(path)),
    );
    return drop.root;
  };
  expect(await roots("a/1", "a/b/2")).toBe("a");
  expect(await roots("a/1", "b/2")).toBe("");
  expect(await roots("a/1", "2")).toBe("");
});

it("the files of a drop are bounded, and the others are counted", async () => {
  const drop: Drop = { ...newDrop(newAccount(), ""), noted: NOTED_MAX - 1 };
  await noteFiles(drop, [picked("a"), picked("b"), picked("c")]);
  expect(await pathsOf(drop.accountId)).toEqual([["a"]]);
  expect(drop.unnoted).toBe(2);
});

it("files of a drop that is continued count once", async () => {
  const drop: Drop = { ...newDrop(newAccount(), ""), noted: NOTED_MAX - 2 };
  await noteFiles(drop, [picked("a"), picked("b")]);
  await noteFiles(drop, [picked("a"), picked("b", "changed")]);
  expect(drop).toMatchObject({ noted: NOTED_MAX, unnoted: 0 });
  expect(await openDrops(drop.accountId)).toMatchObject([{ files: [{ size: 5 }, { size: 7 }] }]);
});

it("without IndexedDB nothing fails, and later it is tried again", async () => {
  vi.resetModules();
  vi.stubGlobal("indexedDB", undefined);
  const fresh = await import("../src/state/drops.js");
  await fresh.noteFiles(fresh.newDrop("a", ""), [picked("a")]);
  expect(await fresh.openDrops("a")).toEqual([]);
  vi.unstubAllGlobals();
  const drop = fresh.newDrop(newAccount(), "");
  await fresh.noteFiles(drop, [picked("a")]);
  expect(await pathsOf(drop.accountId, fresh.openDrops)).toEqual([["a"]]);
});
