/** How browsers name themselves in `User-Agent`: those that also name another one come first. */
const PROGRAMS = [
  ["Edge", /\bEdg\w*\//],
  ["Opera", /\bOPR\//],
  ["Firefox", /\b(Firefox|FxiOS)\//],
  ["Chrome", /Chrom(e|ium)\/|\bCriOS\//],
  ["Safari", /\bSafari\//],
] as const;
const SYSTEMS = [
  ["Android", /\bAndroid\b/],
  ["iOS", /\b(iPhone|iPad)\b/],
  ["Windows", /\bWindows\b/],
  ["macOS", /\bMac OS X\b/],
  ["Linux", /\bLinux\b/],
] as const;

/** Returns a short name for the program with this `User-Agent`: "Firefox, Windows". */
export function programName(userAgent: string): string {
  const program = PROGRAMS.find(([, pattern]) => pattern.test(userAgent))?.[0];
  const system = SYSTEMS.find(([, pattern]) => pattern.test(userAgent))?.[0];
  const name = program ?? userAgent.split(/[/ (]/)[0] ?? "";
  return system === undefined ? name : `${name}, ${system}`;
}
