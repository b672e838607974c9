import { isolated, printable } from "./names.js";

/** Formats numbers, sizes, times and names in one language. */
export interface Formats {
  number(value: number): string;
  /** Bytes, in the largest binary unit that leaves at least 1, with the decimals of the command. */
  bytes(value: number): string;
  /** A speed in bytes per second. */
  speed(value: number): string;
  /** Formats a fraction from 0 to 1. Shows 100 % only for 1. */
  percent(fraction: number): string;
  /** A duration in seconds, rounded coarsely. */
  duration(seconds: number): string;
  /** The time if it is today, otherwise the date and time. */
  date(time: string | Date): string;
  /** Date and time, to the second. */
  moment(time: string | Date): string;
  /** The plural form for a number. `#` stands for the number. */
  plural(value: number, forms: { one?: string; other: string }): string;
  /** A name in a label. */
  name(name: string): string;
  /** A name within a visible sentence. */
  quoted(name: string): string;
}

const UNITS = ["KiB", "MiB", "GiB", "TiB", "PiB"];
const DECIMALS = 2;

/** Returns the formats for a BCP 47 language tag. */
export function formatsFor(locale: string): Formats {
  const numbers = new Intl.NumberFormat(locale);
  const percents = new Intl.NumberFormat(locale, { style: "percent" });
  const moments = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" });
  const plurals = new Intl.PluralRules(locale);
  const decimals = new Intl.NumberFormat(locale, {
    minimumFractionDigits: DECIMALS,
    maximumFractionDigits: DECIMALS,
  });
  const wholeBytes = new Intl.NumberFormat(locale, { style: "unit", unit: "byte", unitDisplay: "long" });
  const bytes = (value: number) => {
    if (value < 1024) return wholeBytes.format(Math.round(value));
    const power = Math.min(Math.floor(Math.log2(value) / 10), UNITS.length);
    // Intl has no binary units, and no language translates these.
    return `${decimals.format(value / 1024 ** power)} ${UNITS[power - 1]}`;
  };
  return {
    number: (value) => numbers.format(value),
    bytes,
    speed: (value) => `${bytes(value)}/s`,
    percent: (fraction) => percents.format(fraction >= 1 ? 1 : Math.floor(fraction * 100) / 100),
    duration: (seconds) => duration(locale, seconds),
    date: (time) => date(locale, new Date(time), new Date()),
    moment: (time) => moments.format(new Date(time)),
    plural: (value, forms) =>
      ((plurals.select(value) === "one" && forms.one) || forms.other).replaceAll("#", numbers.format(value)),
    name: printable,
    quoted: isolated,
  };
}

function duration(locale: string, seconds: number): string {
  const say = (amount: number, unit: string) =>
    new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "short" }).format(amount);
  if (seconds < 55) return say(Math.max(5, Math.ceil(seconds / 5) * 5), "second");
  const minutes = Math.max(1, Math.round(seconds / 60));
  if (minutes < 60) return say(minutes, "minute");
  const hours = Math.floor(minutes / 60);
  if (hours >= 24) return say(Math.round(hours / 24), "day");
  return minutes % 60 === 0 ? say(hours, "hour") : `${say(hours, "hour")} ${say(minutes % 60, "minute")}`;
}

function date(locale: string, time: Date, now: Date): string {
  const today = time.toDateString() === now.toDateString();
  return new Intl.DateTimeFormat(
    locale,
    today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" },
  ).format(time);
}
