import { describe, expect, it } from "vitest";
import { recognise } from "../src/search.js";
import { queryFor } from "../src/state/listed.js";

const SHA256 = "E3B0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const SHA1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709";

describe("recognise", () => {
  it("knows hashes by their length, ignoring case", () => {
    expect(recognise(` ${SHA256}\n`)).toEqual({ kind: "sha256", value: SHA256.toLowerCase() });
    expect(recognise(SHA1)).toEqual({ kind: "sha1", value: SHA1 });
  });

  it.each([SHA1.slice(1), `${SHA1}0`, SHA256.replace("E", "g"), "report 2026"])(
    "takes %s for a name",
    (text) => expect(recognise(text)).toEqual({ kind: "text", value: text }),
  );

  it("ignores a text of spaces only", () => expect(recognise(" \t")).toEqual({ kind: "none" }));
});

describe("queryFor", () => {
  it("asks for what the view shows", () => {
    expect(queryFor({ folder: "a/", find: "", scope: "everywhere" })).toEqual({
      prefix: "a/",
      delimiter: "/",
    });
    expect(queryFor({ folder: "a/", find: "b", scope: "folder" })).toEqual({ prefix: "a/b", delimiter: "/" });
    expect(queryFor({ folder: "a/", find: "b", scope: "everywhere" })).toEqual({ prefix: "b" });
    expect(queryFor({ folder: "a/", find: "b", scope: "loaded" })).toEqual({ prefix: "a/", delimiter: "/" });
    expect(queryFor({ folder: "a/", find: SHA1, scope: "loaded" })).toEqual({ sha1: SHA1 });
  });
});
