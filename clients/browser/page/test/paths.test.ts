import { describe, expect, it } from "vitest";
import {
  comparePaths,
  crumbs,
  hashToView,
  type FolderView,
  pathProblem,
  viewToHash,
  shownAs,
} from "../src/paths.js";

describe("crumbs", () => {
  it("are the steps to a folder", () => {
    expect(crumbs("")).toEqual([]);
    expect(crumbs("a/b c/")).toEqual([
      { name: "a", folder: "a/" },
      { name: "b c", folder: "a/b c/" },
    ]);
  });
});

describe("the view in the address", () => {
  const views: FolderView[] = [
    { folder: "", find: "", scope: "folder" },
    { folder: "a/b c/", find: "", scope: "folder" },
    { folder: "50% #1?/文/", find: "", scope: "folder" },
    { folder: "a/", find: "x&y=z #?", scope: "everywhere" },
    { folder: "", find: "x", scope: "loaded" },
  ];

  it.each(views)("round-trips: %o", (view) => expect(hashToView(viewToHash(view))).toEqual(view));

  it("is the top level if it is invalid", () => {
    expect(hashToView("")).toEqual(views[0]);
    expect(hashToView("#/%E0%A4%A/")).toEqual(views[0]);
    expect(hashToView("#/a//b?in=nonsense")).toEqual({ folder: "a/b/", find: "", scope: "folder" });
  });
});

describe("pathProblem", () => {
  it.each([
    ["", "empty"],
    ["/a", "segment"],
    ["a/", "segment"],
    ["a//b", "segment"],
    ["a/../b", "segment"],
    [".", "segment"],
    ["a\u0007b", "control"],
    [`${"é".repeat(495)}x`, "long"],
  ])("%j: %s", (path, problem) => expect(pathProblem(path)).toBe(problem));

  it.each(["a", "a/b.txt", "..a/…", "é".repeat(495)])("accepts %j", (path) =>
    expect(pathProblem(path)).toBeUndefined(),
  );
});

describe("comparePaths", () => {
  it("orders by UTF-8 bytes, not by UTF-16 units", () => {
    const paths = ["b", "\u{1f600}", "a/b", "a", "\uffee", "a b", "B"];
    const byBytes = ["B", "a", "a b", "a/b", "b", "\uffee", "\u{1f600}"];
    expect([...paths].sort(comparePaths)).toEqual(byBytes);
    expect(comparePaths("same", "same")).toBe(0);
  });
});

describe("shownAs", () => {
  it("is the path, its folder, or nothing", () => {
    expect(shownAs("a/b", "a/", "/")).toBe("a/b");
    expect(shownAs("a/b/c", "a/", "/")).toBe("a/b/");
    expect(shownAs("a/b/c", "a/")).toBe("a/b/c");
    expect(shownAs("a/bc/d", "a/b", "/")).toBe("a/bc/");
    expect(shownAs("b", "a/", "/")).toBeUndefined();
  });
});
