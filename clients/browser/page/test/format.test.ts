import { describe, expect, it } from "vitest";
import { formatsFor } from "../src/format.js";

const english = formatsFor("en");
const chinese = formatsFor("zh-CN");

describe("bytes", () => {
  it.each([
    [0, "0 bytes"],
    [1, "1 byte"],
    [999, "999 bytes"],
    [1023, "1,023 bytes"],
    [1024, "1.00 KiB"],
    [3 * 2 ** 19, "1.50 MiB"],
    [107_374_182_400, "100.00 GiB"],
    [5_497_558_138_880, "5.00 TiB"],
  ])("%i is %s", (value, shown) => expect(english.bytes(value)).toBe(shown));

  it("is written in Chinese too", () => {
    expect(chinese.bytes(12)).toBe("12字节");
    expect(chinese.bytes(2_500_000)).toBe("2.38 MiB");
  });

  it("keeps within the largest unit", () => expect(english.bytes(2 ** 62)).toBe("4,096.00 PiB"));
});

describe("speed", () => {
  it("has a unit of time", () => expect(english.speed(3_200_000)).toBe("3.05 MiB/s"));
});

describe("percent", () => {
  it("shows 100 % only at the end", () => {
    expect(english.percent(0.9999)).toBe("99%");
    expect(english.percent(1)).toBe("100%");
  });
});

describe("duration", () => {
  it.each([
    [0.2, "5 sec"],
    [7, "10 sec"],
    [58, "1 min"],
    [3_540, "59 min"],
    [3_600, "1 hr"],
    [5_400, "1 hr 30 min"],
    [200_000, "2 days"],
  ])("%d seconds are %s", (seconds, shown) => expect(english.duration(seconds)).toBe(shown));
});

describe("plural", () => {
  const forms = { one: "# file", other: "# files" };

  it("follows the language", () => {
    expect(english.plural(1, forms)).toBe("1 file");
    expect(english.plural(0, forms)).toBe("0 files");
    expect(english.plural(1200, forms)).toBe("1,200 files");
    expect(chinese.plural(1, { other: "# 个文件" })).toBe("1 个文件");
  });
});

describe("date", () => {
  it("shows the day unless it is today", () => {
    expect(english.date(new Date())).not.toMatch(/\d{4}/);
    expect(english.date("2020-02-03T12:00:00Z")).toMatch(/2020/);
  });
});
