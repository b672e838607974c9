import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type BuildResult } from "esbuild";
import { expect, it } from "vitest";

const LIMIT_BYTES = 25 * 1024;
const source = (path: string) => fileURLToPath(new URL(`../src/${path}`, import.meta.url));

/** Bundles the library and its worker as the README says, minified, without the hash functions. */
async function bundle() {
  const result = await build({
    entryPoints: { app: source("index.ts"), worker: source("hash/worker.ts") },
    bundle: true,
    splitting: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    target: "es2022",
    outdir: "out",
    external: ["hash-wasm"],
  });
  const bytes = new Map(result.outputFiles.map((file) => [file.path, file.contents]));
  const contentsOf = (output: string) =>
    [...bytes].find(([path]) => path.endsWith(`/${output}`))?.[1] ?? new Uint8Array();
  /** The compressed size of an output and of what it always loads. */
  const size = (output: string): number =>
    importsOf(result, output).reduce(
      (sum, imported) => sum + size(imported),
      gzipSync(contentsOf(output)).length,
    );
  return { size, contentsOf };
}

function importsOf({ metafile }: BuildResult<{ metafile: true }>, output: string): string[] {
  const imports = metafile.outputs[output]?.imports ?? [];
  return imports
    .filter(({ kind, external }) => kind === "import-statement" && !external)
    .map(({ path }) => path);
}

it("the library and its worker stay small", async () => {
  const { size } = await bundle();
  const [main, worker] = [size("out/app.js"), size("out/worker.js")];
  console.info(`compressed: ${main} bytes, and ${worker} for the worker`);
  expect(worker).toBeGreaterThan(1000);
  expect(main + worker).toBeLessThanOrEqual(LIMIT_BYTES);
});

it("esbuild emits the worker where the library looks for it", async () => {
  const { contentsOf } = await bundle();
  expect(Buffer.from(contentsOf("out/app.js")).toString()).toContain(
    'new URL("./worker.js",import.meta.url)',
  );
  expect(contentsOf("out/worker.js").length).toBeGreaterThan(100);
});
