import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** The API during development. `vite` proxies its paths, so that page and API have one origin. */
const api = process.env.SLUICE_API_URL ?? "http://127.0.0.1:8787";
const apiPaths = ["/accounts", "/sessions", "/uploads", "/lookups", "/files", "/webhooks"];

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  resolve: { alias: { "@sluice/browser": fileURLToPath(new URL("../sdk/src/index.ts", import.meta.url)) } },
  build: {
    target: "es2022",
    // The content security policy allows nothing inline, so everything becomes a file in /assets.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  worker: { format: "es" },
  server: {
    host: "127.0.0.1",
    port: 5173,
    proxy: Object.fromEntries(apiPaths.map((path) => [path, { target: api }])),
  },
  test: { include: ["test/**/*.test.ts"], environment: "node" },
});
