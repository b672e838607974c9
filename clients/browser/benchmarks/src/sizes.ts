import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Rolldown } from "vite";
import { bytes, table } from "./table.js";

const local = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const ENTRY = "virtual:entry";

interface Bundle {
  name: string;
  source: string;
  without?: string[];
}

const BUNDLES: Bundle[] = [
  { name: "SDK, everything", source: 'export * from "@sluice/browser"' },
  {
    name: "SDK, everything, without `hash-wasm`",
    source: 'export * from "@sluice/browser"',
    without: ["hash-wasm"],
  },
  { name: "SDK, `connect` and `upload`", source: 'export { connect, upload } from "@sluice/browser"' },
  { name: "`@uppy/core`", source: 'export { default } from "@uppy/core"' },
  { name: "`@uppy/core` and `@sluice/uppy`", source: both("@sluice/uppy") },
  { name: "`@uppy/core` and `@uppy/aws-s3`", source: both("@uppy/aws-s3") },
];

function both(plugin: string): string {
  return `export { default as Uppy } from "@uppy/core"; export { default as Plugin } from "${plugin}"`;
}

/** Bundles each, and adds up what a page would load: at first, and with workers and split code. */
export async function measureSizes(): Promise<string> {
  const rows: string[][] = [];
  for (const bundle of BUNDLES) {
    const files = await bundleFiles(bundle);
    const first = files.filter(({ entry }) => entry);
    rows.push([bundle.name, ...total(first), ...total(files)]);
  }
  const columns = ["", "first, minified", "first, gzip", "with workers, minified", "with workers, gzip"];
  return table(columns, rows);
}

function total(files: { code: Buffer }[]): [string, string] {
  const minified = files.reduce((sum, { code }) => sum + code.length, 0);
  const zipped = files.reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0);
  return [bytes(minified), bytes(zipped)];
}

async function bundleFiles({ source, without = [] }: Bundle): Promise<{ entry: boolean; code: Buffer }[]> {
  const plugin = {
    name: "entry",
    resolveId: (id: string) => (id === ENTRY ? id : undefined),
    load: (id: string) => (id === ENTRY ? source : undefined),
  };
  const external = { external: without };
  const built = await build({
    configFile: false,
    root: local("../.."),
    logLevel: "warn",
    plugins: [plugin],
    build: {
      write: false,
      minify: true,
      rollupOptions: { ...external, input: ENTRY, preserveEntrySignatures: "strict" },
    },
    worker: { format: "es", rollupOptions: external },
    resolve: {
      alias: {
        "@sluice/browser": local("../../../sdk/src/index.ts"),
        "@sluice/uppy": local("../../../uppy/src/index.ts"),
      },
    },
  });
  const { output } = built as Rolldown.RolldownOutput;
  return output.map((file) => ({
    entry: file.type === "chunk" && file.isEntry,
    code: Buffer.from(file.type === "chunk" ? file.code : file.source),
  }));
}
