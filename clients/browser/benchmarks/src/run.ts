import { parseArgs } from "node:util";
import { launch } from "./browser.js";
import { measureHashing } from "./hashing.js";
import { measurePaint } from "./paint.js";
import { measureSizes } from "./sizes.js";
import { measureThroughput } from "./throughput.js";

const USAGE = `npm run bench -w benchmarks -- WHAT

--api URL [--size-mib 256] [--rounds 3]   uploads of one file: a bare loop, the SDK, @uppy/aws-s3
--api URL --hash-gib 1                    the main thread and memory while a large file is hashed and uploaded
--page URL                                first paint, bytes and requests of a page
--sizes                                   sizes of the bundles

The API must allow the origin http://127.0.0.1:5176.`;

async function run(): Promise<string> {
  const { values } = parseArgs({
    options: {
      api: { type: "string" },
      "size-mib": { type: "string", default: "256" },
      rounds: { type: "string", default: "3" },
      "hash-gib": { type: "string" },
      page: { type: "string" },
      sizes: { type: "boolean", default: false },
    },
  });
  if (values.sizes) return measureSizes();
  if (!values.page && !values.api) return USAGE;
  await using browser = await launch();
  if (values.page) return await measurePaint(browser, values.page);
  const api = values.api as string;
  if (values["hash-gib"]) return await measureHashing(browser, api, Number(values["hash-gib"]));
  return await measureThroughput(browser, api, Number(values["size-mib"]), Number(values.rounds));
}

process.stdout.write(`${await run()}\n`);
