import type { Version } from "@sluice/browser";
import { describe, expect, it } from "vitest";
import { containing, joined, type Listed, hasPath, withFile, withoutFile } from "../src/state/listed.js";

function version(path: string, fileId = path): Version {
  return {
    fileId: fileId,
    path,
    versionId: `${fileId} v`,
    state: "available",
    size: 1,
    sha256: null,
    sha1: null,
    contentType: "text/plain",
    metadata: {},
    createdAt: "2026-01-01T00:00:00Z",
    updatedAt: "2026-01-01T00:00:00Z",
    newBytes: 1,
    sharedBytes: 0,
    storedBytes: 1,
  };
}

const folder = { prefix: "a/", delimiter: "/" };
const list: Listed = { items: [version("a/b"), version("a/d")], prefixes: ["a/x/"] };
const paths = (listed: Listed) => listed.items.map(({ path }) => path);

describe("withFile", () => {
  it("inserts a new file in order", () => {
    expect(paths(withFile(list, folder, version("a/c")))).toEqual(["a/b", "a/c", "a/d"]);
  });

  it("replaces the old version with the new one", () => {
    const newer = { ...version("a/b"), size: 2 };
    expect(withFile(list, folder, newer).items[0]?.size).toBe(2);
    expect(withFile(list, folder, newer).items).toHaveLength(2);
  });

  it("shows a deeper file as its folder, once", () => {
    const twice = withFile(withFile(list, folder, version("a/n/1")), folder, version("a/n/2"));
    expect(twice.prefixes).toEqual(["a/n/", "a/x/"]);
  });

  it("removes a file that was moved elsewhere", () => {
    expect(paths(withFile(list, folder, version("z", "a/b")))).toEqual(["a/d"]);
  });

  it("removes a file that another one replaced", () => {
    const moved = withFile(list, folder, version("a/b", "a/d"));
    expect(moved.items.map((item) => item.fileId)).toEqual(["a/d"]);
  });

  it("leaves out a file that a later page will contain", () => {
    const partial = { items: [version("a/b"), version("a/d")], prefixes: [], nextCursor: "more" };
    expect(paths(withFile(partial, folder, version("a/z")))).toEqual(["a/b", "a/d"]);
    expect(paths(withFile(partial, folder, version("a/c")))).toEqual(["a/b", "a/c", "a/d"]);
  });

  it("does not guess what a search by hash would find", () => {
    expect(paths(withFile(list, { sha256: "f" }, version("a/c")))).toEqual(["a/b", "a/d"]);
  });
});

describe("hasPath", () => {
  it("answers only if the list can tell", () => {
    expect(hasPath(list, folder, "a/b")).toBe(true);
    expect(hasPath(list, folder, "a/c")).toBe(false);
    expect(hasPath(list, folder, "a/x/1")).toBeUndefined();
    expect(hasPath(list, folder, "elsewhere")).toBeUndefined();
    expect(hasPath({ ...list, nextCursor: "more" }, folder, "a/c")).toBeUndefined();
  });
});

describe("pages", () => {
  it("are joined, each folder once", () => {
    const all = joined(
      { ...list, nextCursor: "more" },
      { items: [version("a/y")], prefixes: ["a/x/", "a/z/"] },
    );
    expect(paths(all)).toEqual(["a/b", "a/d", "a/y"]);
    expect(all.prefixes).toEqual(["a/x/", "a/z/"]);
    expect(all.nextCursor).toBeUndefined();
  });

  it("are filtered by names, not by the folder", () => {
    expect(paths(containing(list, "a/", "D"))).toEqual(["a/d"]);
    expect(containing(list, "a/", "a").prefixes).toEqual([]);
  });

  it("can lose a file", () => expect(paths(withoutFile(list, "a/b"))).toEqual(["a/d"]));
});
