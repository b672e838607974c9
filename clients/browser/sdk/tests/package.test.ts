import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

/** It builds the package, on a machine that may be busy. */
const PATIENCE_MILLISECONDS = 240_000;

const local = (path: string) => fileURLToPath(new URL(path, import.meta.url));

for (const name of ["sdk", "uppy"]) {
  it(
    `the package of ${name}/ has its licence, its source maps and its origin`,
    async () => {
      const folder = local(`../../${name}`);
      const { stdout } = await promisify(execFile)("npm", ["pack", "--dry-run", "--json"], { cwd: folder });
      const [{ files }] = JSON.parse(stdout.slice(stdout.indexOf("[\n")));
      const paths: string[] = files.map((file: { path: string }) => file.path);
      const scripts = paths.filter((path) => path.endsWith(".js"));
      expect(paths).toEqual(
        expect.arrayContaining(["LICENSE", "README.md", "dist/index.js", "dist/index.d.ts"]),
      );
      expect(scripts.filter((path) => !paths.includes(`${path}.map`))).toEqual([]);
      const map = JSON.parse(await readFile(`${folder}/dist/index.js.map`, "utf8"));
      expect(map.sourcesContent).toHaveLength(1);
      const description = JSON.parse(await readFile(`${folder}/package.json`, "utf8"));
      expect(description).toMatchObject({
        repository: { type: "git", directory: `clients/browser/${name}` },
        engines: { node: expect.any(String) },
        keywords: expect.arrayContaining(["upload"]),
      });
    },
    PATIENCE_MILLISECONDS,
  );
}
