import type { Version } from "@sluice/browser";
import { describe, expect, it } from "vitest";
import { containing, joined, type Listed, liesThere, withFile, withoutFile } from "../src/state/listed.js";

function version(path: string, fileId = path): Version {
  return {
    file_id: fileId,
    path,
    version_id: `${fileId} v`,
    state: "available",
    size: 1,
    sha256: null,
    sha1: null,
    content_type: "text/plain",
    metadata: {},
    created_at: "2026-01-01T00:00:00Z",
    updated_at: "2026-01-01T00:00:00Z",
    new_bytes: 1,
    shared_bytes: 0,
    stored_bytes: 1,
  };
}

const folder = { prefix: "a/", delimiter: "/" };
const list: Listed = { items: [version("a/b"), version("a/d")], prefixes: ["a/x/"] };
const paths = (listed: Listed) => listed.items.map(({ path }) => path);

describe("withFile", () => {
  it("puts a new file where it belongs", () => {
    expect(paths(withFile(list, folder, version("a/c")))).toEqual(["a/b", "a/c", "a/d"]);
  });

  it("puts the new version in place of the old", () => {
    const newer = { ...version("a/b"), size: 2 };
    expect(withFile(list, folder, newer).items[0]?.size).toBe(2);
    expect(withFile(list, folder, newer).items).toHaveLength(2);
  });

  it("shows a deeper file as its folder, once", () => {
    const twice = withFile(withFile(list, folder, version("a/n/1")), folder, version("a/n/2"));
    expect(twice.prefixes).toEqual(["a/n/", "a/x/"]);
  });

  it("takes a file away that was moved elsewhere", () => {
    expect(paths(withFile(list, folder, version("z", "a/b")))).toEqual(["a/d"]);
  });

  it("takes a file away that another one replaced", () => {
    const moved = withFile(list, folder, version("a/b", "a/d"));
    expect(moved.items.map((item) => item.file_id)).toEqual(["a/d"]);
  });

  it("leaves out what a later page will bring", () => {
    const partial = { items: [version("a/b"), version("a/d")], prefixes: [], nextCursor: "more" };
    expect(paths(withFile(partial, folder, version("a/z")))).toEqual(["a/b", "a/d"]);
    expect(paths(withFile(partial, folder, version("a/c")))).toEqual(["a/b", "a/c", "a/d"]);
  });

  it("does not guess what a search by hash would find", () => {
    expect(paths(withFile(list, { sha256: "f" }, version("a/c")))).toEqual(["a/b", "a/d"]);
  });
});

describe("liesThere", () => {
  it("says so only where the list can tell", () => {
    expect(liesThere(list, folder, "a/b")).toBe(true);
    expect(liesThere(list, folder, "a/c")).toBe(false);
    expect(liesThere(list, folder, "a/x/1")).toBeUndefined();
    expect(liesThere(list, folder, "elsewhere")).toBeUndefined();
    expect(liesThere({ ...list, nextCursor: "more" }, folder, "a/c")).toBeUndefined();
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

  it("are filtered by what names hold, not by the folder", () => {
    expect(paths(containing(list, "a/", "D"))).toEqual(["a/d"]);
    expect(containing(list, "a/", "a").prefixes).toEqual([]);
  });

  it("lose a file", () => expect(paths(withoutFile(list, "a/b"))).toEqual(["a/d"]));
});
