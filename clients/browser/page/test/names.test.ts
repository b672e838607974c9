import { describe, expect, it } from "vitest";
import { baseName, folderOf, isolated, isUsername, printable, saveName } from "../src/names.js";

describe("printable", () => {
  it.each([
    ["photo\u202egpj.exe", "photo[U+202E]gpj.exe"],
    ["a\u0000b\nc\u001b[31m", "a[U+0000]b[U+000A]c[U+001B][31m"],
    ["a\u0085b\u2028c\ufeff", "a[U+0085]b[U+2028]c[U+FEFF]"],
    ["\u2066x\u2069", "[U+2066]x[U+2069]"],
    ["half\ud83d", "half\ufffd"],
  ])("shows characters that would disturb", (name, shown) => expect(printable(name)).toBe(shown));

  it.each(["报告.pdf", "תמונה.png", "👩‍👩‍👧 family.jpg", "é", "<img onerror=alert(1)>", "a&amp;b"])(
    "leaves %s as it is",
    (name) => expect(printable(name)).toBe(name),
  );
});

describe("isolated", () => {
  it("cannot be ended by characters in the name", () => {
    expect(isolated("\u2069abc")).toBe("\u2068[U+2069]abc\u2069");
  });

  it("shortens a long name in its middle", () => {
    expect(isolated(`${"a".repeat(200)}.tar.gz`)).toBe(
      `\u2068${"a".repeat(40)}…${"a".repeat(13)}.tar.gz\u2069`,
    );
    expect(isolated("b".repeat(60))).toBe(`\u2068${"b".repeat(60)}\u2069`);
  });
});

describe("saveName", () => {
  it.each([
    ["reports/2026.pdf", "2026.pdf"],
    ["a:b?.txt", "a_b_.txt"],
    ["x/...", "download"],
    [".profile", "profile"],
    ["trailing. .", "trailing"],
  ])("%s is saved as %s", (path, name) => expect(saveName(path)).toBe(name));
});

describe("segments", () => {
  it("takes files and folders apart", () => {
    expect([baseName("a/b/c.txt"), folderOf("a/b/c.txt")]).toEqual(["c.txt", "a/b/"]);
    expect([baseName("a/b/"), folderOf("a/b/")]).toEqual(["b", "a/"]);
    expect([baseName("c.txt"), folderOf("c.txt")]).toEqual(["c.txt", ""]);
  });
});

describe("user names", () => {
  it.each(["ada", "Ada.Lovelace@example.org", "李小龙", "42x", "ﬁve", "a".repeat(64)])("%s is one", (name) =>
    expect(isUsername(name)).toBe(true),
  );

  it.each(["", "ab", "-no name-", "with space", ".ada", "a/b", "a".repeat(65)])("%s is none", (name) =>
    expect(isUsername(name)).toBe(false),
  );
});
