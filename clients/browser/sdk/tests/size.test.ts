import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, it } from "vitest";

const LIMIT_BYTES = 25 * 1024;

/** Returns the size of a bundle, minified and compressed. The hash functions do not count. */
async function size(entry: string): Promise<number> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`../src/${entry}`, import.meta.url))],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2022",
    external: ["hash-wasm"],
  });
  return outputFiles.reduce((sum, file) => sum + gzipSync(file.contents).length, 0);
}

it("the library and its worker stay small", async () => {
  const [main, worker] = await Promise.all([size("index.ts"), size("hash/worker.ts")]);
  console.info(`compressed: ${main} bytes, and ${worker} for the worker`);
  expect(main + worker).toBeLessThanOrEqual(LIMIT_BYTES);
});
