import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const local = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const server = { host: "127.0.0.1", port: 5175, strictPort: true };

export default defineConfig({
  root: local("."),
  build: { outDir: local("dist"), emptyOutDir: true },
  worker: { format: "es" },
  server,
  preview: server,
  resolve: {
    alias: { "@sluice/browser": local("../../sdk/src/index.ts"), "@sluice/uppy": local("../src/index.ts") },
  },
});
