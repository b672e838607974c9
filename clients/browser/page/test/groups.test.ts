import type { UnfinishedUpload, Version } from "@sluice/browser";
import { describe, expect, it } from "vitest";
import {
  commonPrefix,
  groupsOf,
  needsFolder,
  isReplacedBy,
  matcher,
  pathOf,
  sumsOf,
} from "../src/state/groups.js";
import type { OpenDrop } from "../src/state/drops.js";

const upload = (path: string, more: Partial<UnfinishedUpload> = {}): UnfinishedUpload => ({
  uploadId: `upload-${path}`,
  state: "open",
  path,
  versionId: "v5",
  size: 10,
  expiresAt: new Date(1000),
  ...more,
});
const drop = (folder: string, paths: string[], done = { count: 0, bytes: 0 }): OpenDrop => ({
  drop: {
    id: "d",
    accountId: "1",
    folder,
    root: paths[0]?.slice(folder.length).split("/").at(-2) ?? "",
    begunAt: Date.parse("2026-11-28T10:00:00Z"),
    noted: paths.length,
    unnoted: 0,
    done,
    handles: [],
  },
  files: paths.map((path) => ({ accountId: "1", path, drop: "d", size: 10, lastModified: 1 })),
});
const only = <T>([first, ...others]: T[]): T => {
  if (first === undefined || others.length > 0) throw new Error(`${others.length} too many, or none`);
  return first;
};

describe("what was added together", () => {
  it("is one group, of begun files and others", () => {
    const uploads = [upload("in/a/1", { receivedBytes: 4 }), upload("in/a/2")];
    const group = only(
      groupsOf([drop("in/", ["in/a/1", "in/a/2", "in/a/3"], { count: 2, bytes: 30 })], uploads),
    );
    expect(pathOf(group)).toBe("in/a");
    expect(group).toMatchObject({
      isOwn: true,
      files: [{ path: "in/a/1" }, { path: "in/a/2" }, { path: "in/a/3" }],
    });
    expect(sumsOf(group)).toEqual({
      count: 5,
      doneCount: 2,
      size: 60,
      sentBytes: 34,
      keptBytes: 4,
      keptUntil: new Date(1000),
      begun: 2,
    });
  });

  it("has the latest of several uploads of a file", () => {
    const uploads = [upload("a", { uploadId: "later" }), upload("a", { uploadId: "earlier" })];
    expect(only(groupsOf([drop("", ["a"])], uploads)).files).toMatchObject([
      { upload: { uploadId: "later" } },
    ]);
  });

  it("is no group once all bytes have arrived", () => {
    expect(groupsOf([drop("", ["a"])], [upload("a", { state: "pending" })])).toEqual([]);
  });

  it("keeps nothing if no part has arrived", () => {
    const group = only(groupsOf([drop("", ["a"])], [upload("a")]));
    expect(sumsOf(group)).toMatchObject({ keptBytes: 0, keptUntil: undefined, begun: 1 });
    expect(pathOf(group)).toBe("a");
  });
});

it("uploads of no known drop are grouped by folder and by where they began", () => {
  const pickedFile = { name: "3", size: 10, lastModified: 1 };
  const groups = groupsOf([], [upload("a/1"), upload("a/b/2"), upload("a/3", { pickedFile }), upload("4")]);
  expect(groups.map((group) => [pathOf(group), group.isOwn, group.files.map(({ path }) => path)])).toEqual([
    ["a", false, ["a/1", "a/b/2"]],
    ["a/3", true, ["a/3"]],
    ["4", false, ["4"]],
  ]);
});

describe("a file that is chosen again", () => {
  const group = only(groupsOf([drop("in/", ["in/a/x", "in/a/b/x", "in/x", "in/a/y"])], [upload("in/a/y")]));
  const find = matcher(group);

  it("is found by its path and size", () => {
    expect(find("a/x", 10)?.path).toBe("in/a/x");
    expect(find("x", 10)?.path).toBe("in/x");
    expect(find("a/y", 10)?.upload?.uploadId).toBe("upload-in/a/y");
  });

  it("is found in a folder below", () => expect(find("b/x", 10)?.path).toBe("in/a/b/x"));

  it("is not found with another size or path", () => {
    expect(find("a/x", 11)).toBeUndefined();
    expect(find("z", 10)).toBeUndefined();
    expect(find("other/a/x", 10)).toBeUndefined();
  });

  it("needs a folder or not", () => {
    expect(needsFolder(group)).toBe(true);
    expect(needsFolder(only(groupsOf([drop("in/", ["in/x"])], [])))).toBe(false);
  });
});

it("a folder of uploads that began elsewhere may have another name on disk", () => {
  const group = only(groupsOf([], [upload("a/1"), upload("a/2")]));
  expect(needsFolder(group)).toBe(true);
  expect(matcher(group)("downloads/1", 10)?.path).toBe("a/1");
  expect(matcher(group)("downloads/3", 10)).toBeUndefined();
  const single = only(groupsOf([], [upload("a/1")]));
  expect([needsFolder(single), pathOf(single)]).toEqual([false, "a/1"]);
});

describe("a path that was uploaded otherwise", () => {
  const version = { versionId: "v6", size: 10, createdAt: "2026-11-28T10:00:01Z" } as Version;
  const { drop: begun } = drop("", []);

  it("replaces an upload that began earlier", () => {
    const file = { path: "a", size: 10, upload: upload("a") };
    expect(isReplacedBy(file, begun, version)).toBe(true);
    expect(isReplacedBy(file, begun, { ...version, versionId: "v4" })).toBe(false);
  });

  it("replaces a file that never began, if it is of its size and newer than the drop", () => {
    const file = { path: "a", size: 10 };
    expect(isReplacedBy(file, begun, version)).toBe(true);
    expect(isReplacedBy(file, begun, { ...version, size: 11 })).toBe(false);
    expect(isReplacedBy(file, begun, { ...version, createdAt: "2026-11-28T09:59:59Z" })).toBe(false);
  });

  it("is looked for by what all paths begin with", () => {
    const prefix = (...paths: string[]) => commonPrefix(only(groupsOf([drop("", paths)], [])));
    expect(prefix("a/b/1", "a/b/20", "a/bc")).toBe("a/b");
    expect(prefix("a", "b")).toBe("");
    expect(prefix("a/1")).toBe("a/1");
    expect(prefix("😀", "😁")).toBe("");
  });
});
