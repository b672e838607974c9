import { describe, expect, it } from "vitest";
import {
  comparePaths,
  crumbs,
  hashToPlace,
  type Place,
  pathProblem,
  placeToHash,
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

describe("the place in the address", () => {
  const places: Place[] = [
    { folder: "", find: "", way: "folder" },
    { folder: "a/b c/", find: "", way: "folder" },
    { folder: "50% #1?/文/", find: "", way: "folder" },
    { folder: "a/", find: "x&y=z #?", way: "everywhere" },
    { folder: "", find: "x", way: "loaded" },
  ];

  it.each(places)("comes back as it was: %o", (place) =>
    expect(hashToPlace(placeToHash(place))).toEqual(place),
  );

  it("is the top where it cannot be read", () => {
    expect(hashToPlace("")).toEqual(places[0]);
    expect(hashToPlace("#/%E0%A4%A/")).toEqual(places[0]);
    expect(hashToPlace("#/a//b?in=nonsense")).toEqual({ folder: "a/b/", find: "", way: "folder" });
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

  it.each(["a", "a/b.txt", "..a/…", "é".repeat(495)])("has nothing against %j", (path) =>
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
