import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { PATIENCE_MILLISECONDS } from "./src/patience.js";

export default defineConfig({
  resolve: { alias: { "@sluice/browser": fileURLToPath(new URL("../sdk/src/index.ts", import.meta.url)) } },
  test: {
    include: ["stories/**/*.test.ts"],
    globalSetup: "src/stack.ts",
    // All stories share one stack and one browser, so they run one after the other.
    fileParallelism: false,
    isolate: false,
    maxWorkers: 1,
    testTimeout: 240_000,
    expect: { poll: { timeout: PATIENCE_MILLISECONDS } },
    hookTimeout: 120_000,
    reporters: "verbose",
  },
});
