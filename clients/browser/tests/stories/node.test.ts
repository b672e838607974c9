import { randomFillSync } from "node:crypto";
import * as sluice from "@sluice/browser";
import { expect } from "vitest";
import { MIB } from "../src/files.js";
import { story } from "../src/story.js";

story("the library uploads and downloads in Node", async ({ stack, account }) => {
  let token = "";
  const connection = sluice.connect({ api: stack.api, token: () => token });
  token = (await sluice.logIn(connection, account.username, account.password)).token ?? "";
  for (const size of [1000, 24 * MIB]) {
    const bytes = randomFillSync(Buffer.alloc(size));
    const path = `node/${size}.bin`;
    const { version } = await sluice.upload(connection, new Blob([bytes]), { path }).result;
    const blob = await sluice.download(connection, version.fileId);
    expect(bytes.equals(Buffer.from((await blob?.arrayBuffer()) ?? new ArrayBuffer(0)))).toBe(true);
  }
});
