import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

/** Builds the runner for Node. The runner builds the page for the browser. */
export default defineConfig({
  build: {
    ssr: fileURLToPath(new URL("src/run.ts", import.meta.url)),
    outDir: "dist/runner",
    target: "node20",
  },
});
