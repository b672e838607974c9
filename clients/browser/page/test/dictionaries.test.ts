import { describe, expect, it } from "vitest";
import { formatsFor } from "../src/format.js";
import { chooseLanguage, LANGUAGES, type Language } from "../src/i18n/languages.js";

type Tree = { [key: string]: string | Tree | ((...values: never[]) => string) };

/** Lists every message by its path in the dictionary. Functions are called with 7. */
function messages(tree: Tree, path = ""): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]): [string, string][] => {
    if (typeof value === "string") return [[path + key, value]];
    if (typeof value !== "function") return messages(value, `${path}${key}.`);
    return [[path + key, value(...([7, 7] as never[]))]];
  });
}

function dictionary(language: Language): Map<string, string> {
  const formats = {
    ...formatsFor(language),
    name: String,
    quoted: String,
    date: () => "7",
    moment: () => "7",
  };
  return new Map(messages(LANGUAGES[language].dictionary(formats) as Tree));
}

describe.each(Object.keys(LANGUAGES) as Language[])("the dictionary %s", (language) => {
  const [own, english] = [dictionary(language), dictionary("en")];

  it("has every message", () => expect([...own.keys()].sort()).toEqual([...english.keys()].sort()));

  it("has no empty or broken message", () => {
    for (const [key, message] of own) expect(message, key).not.toMatch(/^\s*$|undefined|NaN|\[object|#/);
  });

  it("shows its arguments wherever English does", () => {
    for (const [key, message] of english) {
      if (message.includes("7")) expect(own.get(key), key).toContain("7");
    }
  });
});

it("Chinese texts are not English", () => {
  const [chinese, english] = [dictionary("zh-CN"), dictionary("en")];
  const same = [...english].filter(
    ([key, message]) => /[a-z]{4}/i.test(message) && chinese.get(key) === message,
  );
  expect(same).toEqual([]);
});

describe("chooseLanguage", () => {
  it("takes the first that the page has", () => {
    expect(chooseLanguage(["fr-FR", "zh-TW", "en"])).toBe("zh-CN");
    expect(chooseLanguage(["en-GB", "zh"])).toBe("en");
    expect(chooseLanguage(["fr"])).toBe("en");
  });
});
