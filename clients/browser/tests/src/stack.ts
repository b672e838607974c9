import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { TestProject } from "vitest/node";
import { FILES, local, OUTPUT, SCREENSHOTS, WORKSPACE } from "./folders.js";
import { freePort, serveFolder } from "./serve.js";

/** The addresses during a run, without trailing slashes. */
export interface StackAddresses {
  /** The API and the page. */
  api: string;
  /** The address of the emulated S3. */
  bucket: string;
  /** The Uppy example, on an origin that the API and the bucket allow. */
  example: string;
  /** The Uppy example on an origin that is not allowed. */
  stranger: string;
}

declare module "vitest" {
  export interface ProvidedContext {
    stack: StackAddresses;
  }
}

const EXAMPLE = local("../../uppy/example/dist");
const LOG = join(OUTPUT, "stack.log");
const POLL_MILLISECONDS = 200;
const TAIL_CHARACTERS = 4000;

/** Builds the page and the Uppy example, and starts a new stack for all stories. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  for (const folder of [SCREENSHOTS, FILES]) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
  }
  await npm("build", "page");
  await npm("example:build", "uppy");
  const example = await serveFolder(EXAMPLE);
  const stranger = await serveFolder(EXAMPLE);
  const close = () => Promise.all([example.close(), stranger.close()]);
  try {
    const { api, bucket, stop } = await startStack([example.origin]);
    project.provide("stack", { api, bucket, example: example.origin, stranger: stranger.origin });
    return async () => {
      await stop();
      await close();
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startStack(otherOrigins: string[]) {
  const state = await mkdtemp(join(OUTPUT, "stack-"));
  const apiPort = await freePort();
  const awsPort = await freePort();
  const origins = [`http://127.0.0.1:${apiPort}`, ...otherOrigins].join(",");
  const launcher = await spawnLogged("cargo", [
    ...["run", "--locked", "--bin", "sluice-dev", "--"],
    ...["--api-port", String(apiPort), "--aws-port", String(awsPort), "--state", state, "--no-demo"],
    ...["--parameter", `AllowedOrigins=${origins}`],
  ]);
  const stop = async () => {
    await end(launcher);
    await rm(state, { recursive: true, force: true });
  };
  try {
    const report = await readyReport(launcher, join(state, "stack.json"));
    return { api: report.api, bucket: report.aws_endpoint, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function spawnLogged(command: string, parameters: string[]): Promise<ChildProcess> {
  const log = await open(LOG, "w");
  const child = spawn(command, parameters, { cwd: WORKSPACE, stdio: ["ignore", log.fd, log.fd] });
  child.once("close", () => void log.close());
  return child;
}

/** Waits without a timeout: the launcher may have to compile first, and has timeouts of its own. */
async function readyReport(
  launcher: ChildProcess,
  path: string,
): Promise<{ api: string; aws_endpoint: string }> {
  while (launcher.exitCode === null && launcher.signalCode === null) {
    const report = await readFile(path, "utf8").then(JSON.parse, () => undefined);
    if (report?.ready) return report;
    await sleep(POLL_MILLISECONDS);
  }
  const log = await readFile(LOG, "utf8");
  throw new Error(`the stack did not come up:\n${log.slice(-TAIL_CHARACTERS)}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("close", resolve));
  child.kill("SIGTERM");
  await ended;
}

async function npm(script: string, workspace: string): Promise<void> {
  const child = spawn("npm", ["run", script, "-w", workspace], {
    cwd: local("../.."),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece) => (output += piece));
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`\`npm run ${script} -w ${workspace}\` failed:\n${output}`);
}
