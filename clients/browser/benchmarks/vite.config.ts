import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

/** Builds the runner, which runs in Node; it builds what runs in the browser itself. */
export default defineConfig({
  build: {
    ssr: fileURLToPath(new URL("src/run.ts", import.meta.url)),
    outDir: "dist/runner",
    target: "node20",
  },
});
