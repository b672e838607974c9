// Lists import cycles between the modules of each package, type-only imports included. Fails if there are
// any.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const folders = [
  "sdk/src",
  "sdk/tests",
  "uppy/src",
  "page/src",
  "tests/src",
  "benchmarks/src",
  "benchmarks/page",
];
const IMPORT = /(?:\bfrom|\bimport\(|^import)\s*["'](\.[^"']+)["']/gm;

function importsOf(file) {
  const targets = Array.from(readFileSync(file, "utf8").matchAll(IMPORT), ([, path]) => path);
  return targets.flatMap((path) => {
    const target = resolve(dirname(file), path);
    const sources = [target.replace(/\.js$/, ".ts"), target.replace(/\.js$/, ".tsx")];
    return sources.find((source) => existsSync(source)) ?? [];
  });
}

/** Tarjan's algorithm: modules that import each other, directly or through others, form one component. */
function cyclesOf(graph) {
  const state = new Map();
  const stack = [];
  const components = [];
  const visit = (node) => {
    const entry = { index: state.size, low: state.size, onStack: true };
    state.set(node, entry);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      const seen = state.get(next);
      if (!seen) entry.low = Math.min(entry.low, visit(next).low);
      else if (seen.onStack) entry.low = Math.min(entry.low, seen.index);
    }
    if (entry.low === entry.index) {
      const component = stack.splice(stack.indexOf(node));
      for (const member of component) state.get(member).onStack = false;
      if (component.length > 1 || graph.get(node)?.includes(node)) components.push(component);
    }
    return entry;
  };
  for (const node of graph.keys()) if (!state.has(node)) visit(node);
  return components;
}

let count = 0;
for (const folder of folders) {
  const files = readdirSync(join(root, folder), { recursive: true })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(root, folder, name));
  for (const cycle of cyclesOf(new Map(files.map((file) => [file, importsOf(file)])))) {
    count += 1;
    const names = cycle.map((file) => relative(root, file)).sort();
    console.error(`import cycle of ${names.length} modules: ${names.join(", ")}`);
  }
}
console.log(`${count} import cycles`);
process.exitCode = count === 0 ? 0 : 1;
