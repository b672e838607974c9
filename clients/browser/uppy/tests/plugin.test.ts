import { SluiceError } from "@sluice/browser";
import Uppy from "@uppy/core";
import type { Body, Meta } from "@uppy/core/utils";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import Sluice, { type SluiceBody, type SluiceOptions } from "../src/index.js";
import { type ControlledUpload, uploads } from "./uploads.js";

// Real uploads need XMLHttpRequest, workers and IndexedDB, and are tested in a real browser. Here only the
// plugin's conversation with Uppy is tested, so each test controls its uploads.
vi.mock("@sluice/browser", async (original) => {
  const { upload } = await import("./uploads.js");
  return { ...(await original<object>()), upload };
});

type Options = SluiceOptions<Meta, Body>;
const quiet = { debug: () => {}, warn: () => {}, error: () => {} };
let uppy: Uppy<Meta, SluiceBody>;

function start(options: Options = {}): void {
  uppy = new Uppy<Meta, SluiceBody>({ logger: quiet }).use(Sluice, { api: "http://127.0.0.1:1", ...options });
}

function add(name: string, more: { relativePath?: string; meta?: Meta } = {}): string {
  const meta = { ...more.meta, ...(more.relativePath && { relativePath: more.relativePath }) };
  return uppy.addFile({ name, type: "text/plain", data: new Blob(["0123456789"]), meta });
}

function started(index: number): ControlledUpload {
  const upload = uploads[index];
  if (!upload) throw new Error(`only ${uploads.length} uploads were started`);
  return upload;
}

function record(...names: Parameters<typeof uppy.on>[0][]): string[] {
  const seen: string[] = [];
  for (const name of names) uppy.on(name, () => seen.push(name));
  return seen;
}

beforeEach(() => {
  uploads.length = 0;
  start();
});
afterEach(() => uppy.destroy());

describe("an upload", () => {
  test("is reported as it progresses, and succeeds with the version", async () => {
    const id = add("a.txt");
    const seen = record("upload-start", "upload-progress", "upload-success", "upload-error");
    const done = uppy.upload();
    started(0).report({ phase: "uploading", sentBytes: 4 });
    expect(uppy.getFile(id).progress).toMatchObject({ bytesUploaded: 4, bytesTotal: 10, percentage: 40 });
    started(0).finish();
    const result = await done;
    expect(seen).toEqual(["upload-start", "upload-progress", "upload-success"]);
    expect(result?.successful?.map((file) => file.response)).toMatchObject([
      { status: 200, body: { outcome: "uploaded", version: { path: "a.txt", state: "available" } } },
    ]);
    expect(uppy.getFile(id).progress).toMatchObject({
      uploadComplete: true,
      complete: true,
      percentage: 100,
    });
  });

  test("of bytes that the account has succeeds like any other", async () => {
    const id = add("a.txt");
    const seen = record("upload-start", "upload-success");
    const done = uppy.upload();
    started(0).report({ phase: "hashing", hashedBytes: 10 });
    started(0).finish("instant");
    await done;
    expect(seen).toEqual(["upload-start", "upload-success"]);
    expect(uppy.getFile(id).response?.body?.outcome).toBe("instant");
    expect(uppy.getFile(id).progress.preprocess).toBeUndefined();
  });

  test("is shown as being prepared while it is hashed, and starts with all files of its batch", async () => {
    const [a, b] = [add("a.txt"), add("b.txt")];
    const startedBatches: string[][] = [];
    uppy.on("upload-start", (files) => startedBatches.push(files.map(({ id }) => id)));
    const done = uppy.upload();
    for (const id of [a, b]) {
      expect(uppy.getFile(id).progress.preprocess).toMatchObject({ mode: "indeterminate" });
    }
    started(0).report({ phase: "hashing", hashedBytes: 5 });
    expect(uppy.getFile(a).progress.preprocess).toMatchObject({ mode: "determinate", value: 0.5 });
    expect(startedBatches).toEqual([]);
    started(1).report({ phase: "uploading", sentBytes: 1 });
    started(0).report({ phase: "hashing", hashedBytes: 10 });
    started(0).report({ phase: "uploading", sentBytes: 1 });
    expect(startedBatches).toEqual([[a, b]]);
    for (const id of [a, b]) expect(uppy.getFile(id).progress.preprocess).toBeUndefined();
    started(0).finish();
    started(1).finish();
    await done;
    expect(startedBatches).toHaveLength(1);
  });

  test("is shown as being verified, and succeeds only after that", async () => {
    const id = add("a.txt");
    const seen = record("postprocess-progress", "upload-success");
    const done = uppy.upload();
    started(0).report({ phase: "uploading", sentBytes: 10 });
    started(0).report({ phase: "verifying" });
    started(0).report({ phase: "verifying" });
    expect(seen).toEqual(["postprocess-progress"]);
    expect(uppy.getFile(id).progress.postprocess).toMatchObject({ message: "Verifying" });
    expect(uppy.pauseResume(id)).toBeUndefined();
    started(0).finish();
    await done;
    expect(uppy.getFile(id).progress.postprocess).toBeUndefined();
  });

  test("that is sent again after its verification is shown as uploading, and can be paused", async () => {
    const id = add("a.txt");
    const done = uppy.upload();
    started(0).report({ phase: "verifying" });
    started(0).report({ phase: "uploading", sentBytes: 5 });
    expect(uppy.getFile(id).progress).toMatchObject({ uploadComplete: false, percentage: 50 });
    expect(uppy.getFile(id).progress.postprocess).toBeUndefined();
    expect(uppy.pauseResume(id)).toBe(true);
    started(0).report({ phase: "verifying" });
    expect(uppy.getFile(id).progress).toMatchObject({
      uploadComplete: true,
      postprocess: { message: "Verifying" },
    });
    started(0).finish();
    await done;
  });
});

describe("a failure", () => {
  test("has a message of the locale and the SDK's error as its cause, and can be retried", async () => {
    const id = add("a.txt");
    const causes: unknown[] = [];
    uppy.on("upload-error", (_file, error) => causes.push((error as Error).cause));
    const done = uppy.upload();
    const full = new SluiceError("quota_exceeded", "100 bytes are left", { status: 403 });
    started(0).fail(full);
    expect((await done)?.failed).toHaveLength(1);
    expect(causes).toEqual([full]);
    expect(uppy.getFile(id).error).toBe("There is not enough space in the account.");
    expect(uppy.getFile(id).response).toEqual({ status: 403 });
    expect(uppy.getFile(id).progress.percentage).toBe(0);

    const again = uppy.retryUpload(id);
    started(1).report({ phase: "uploading", sentBytes: 3 });
    expect(uppy.getFile(id).progress.percentage).toBe(30);
    started(1).finish();
    expect((await again)?.successful).toHaveLength(1);
    expect(uppy.getFile(id).error).toBeNull();
  });

  test("of the verification marks the file as incomplete, so that retrying all sends it again", async () => {
    const [a, b] = [add("a.txt"), add("b.txt")];
    const done = uppy.upload();
    started(0).report({ phase: "verifying" });
    started(0).fail(new SluiceError("rejected", "the bytes do not have the declared hash"));
    started(1).finish();
    await done;
    expect(uppy.getFile(a)).toMatchObject({
      error: "the bytes do not have the declared hash",
      progress: { uploadComplete: false },
    });
    expect(uppy.getFile(a).progress.postprocess).toBeUndefined();
    const again = uppy.retryAll();
    expect(uploads).toHaveLength(3);
    started(2).finish();
    expect((await again)?.successful?.map(({ id }) => id)).toEqual([a]);
    expect(uppy.getFile(b).error).toBeUndefined();
  });

  test("uses the texts of a custom locale", async () => {
    uppy.destroy();
    start({ locale: { strings: { unreachable: "No answer." } } });
    const id = add("a.txt");
    const done = uppy.upload();
    started(0).fail(new SluiceError("unreachable", "no answer"));
    await done;
    expect(uppy.getFile(id).error).toBe("No answer.");
  });

  test("is reported for a file without bytes", async () => {
    const id = add("a.txt");
    uppy.setFileState(id, { data: undefined, isGhost: true });
    await uppy.upload();
    expect(uploads).toEqual([]);
    expect(uppy.getFile(id).error).toMatch(/add it again/);
  });
});

describe("pausing", () => {
  test("one file does not affect the others", async () => {
    const [a] = [add("a.txt"), add("b.txt")];
    const done = uppy.upload();
    started(0).report({ phase: "uploading" });
    started(1).report({ phase: "uploading" });
    const before = started(1).calls.length;
    uppy.pauseResume(a);
    expect(started(0).progress.phase).toBe("paused");
    expect(started(1).calls.slice(before)).not.toContain("pause");
    uppy.pauseResume(a);
    expect(started(0).calls.at(-1)).toBe("resume");
    started(0).finish();
    started(1).finish();
    await done;
  });

  test("all files pauses those that have started, and resuming continues them", async () => {
    add("a.txt");
    add("b.txt");
    const done = uppy.upload();
    started(0).report({ phase: "uploading" });
    uppy.pauseAll();
    expect(uploads.map(({ calls }) => calls.at(-1))).toEqual(["pause", "pause"]);
    uppy.resumeAll();
    expect(uploads.map(({ calls }) => calls.at(-1))).toEqual(["resume", "resume"]);
    for (const each of uploads) each.finish();
    await done;
  });
});

describe("cancelling", () => {
  test("one file aborts its upload without a failure, and the others continue", async () => {
    const [a, b] = [add("a.txt"), add("b.txt")];
    const seen = record("upload-error");
    const done = uppy.upload();
    started(0).report({ phase: "uploading" });
    uppy.removeFile(a);
    expect(started(0).calls).toContain("abort");
    started(1).finish();
    expect((await done)?.successful?.map(({ id }) => id)).toEqual([b]);
    expect(seen).toEqual([]);
  });

  test("a file and adding it again does not affect the new upload, however late the old one ends", async () => {
    add("a.txt");
    const first = uppy.upload();
    vi.spyOn(started(0), "abort").mockResolvedValue();
    uppy.cancelAll();
    const id = add("a.txt");
    const second = uppy.upload();
    started(0).fail(new SluiceError("aborted", "it was aborted"));
    await first;
    expect(uppy.getFile(id).error).toBeUndefined();
    started(1).report({ phase: "uploading" });
    uppy.pauseAll();
    expect(started(1).calls.at(-1)).toBe("pause");
    started(1).finish();
    expect((await second)?.successful).toHaveLength(1);
  });

  test("everything aborts all uploads", async () => {
    add("a.txt");
    add("b.txt");
    const done = uppy.upload();
    uppy.cancelAll();
    await done;
    expect(uploads.map(({ calls }) => calls.at(-1))).toEqual(["abort", "abort"]);
  });

  test("also happens when the plugin is removed, which leaves Uppy without an uploader", async () => {
    const plugin = uppy.getPlugin("Sluice");
    add("a.txt");
    const done = uppy.upload();
    if (plugin) uppy.removePlugin(plugin);
    await done;
    expect(started(0).calls).toContain("abort");
    expect(uppy.getState().capabilities.resumableUploads).toBe(false);
    add("b.txt");
    await uppy.upload();
    expect(uploads).toHaveLength(1);
  });
});

describe("what is uploaded", () => {
  test("keeps its folder and the name given in Uppy", async () => {
    const id = add("a.txt", { relativePath: "holiday/2026/a.txt" });
    uppy.setFileMeta(id, { name: "beach.txt" });
    const done = uppy.upload();
    expect(started(0).options).toMatchObject({ path: "holiday/2026/beach.txt", contentType: "text/plain" });
    started(0).finish();
    await done;
  });

  test("has the path and the metadata that the options say", async () => {
    uppy.destroy();
    start({ path: (file) => `inbox/${file.name}`, allowedMetaFields: ["caption", "year", "absent"] });
    add("a.txt", { meta: { caption: "At the sea", year: 2026, secret: "no" } });
    const done = uppy.upload();
    expect(started(0).options).toMatchObject({
      path: "inbox/a.txt",
      metadata: { caption: "At the sea", year: "2026" },
    });
    expect(started(0).options.metadata).not.toHaveProperty("secret");
    started(0).finish();
    await done;
  });
});

describe("after a reload", () => {
  test("a file that was being verified must be added again", () => {
    const [a, b] = [add("a.txt"), add("b.txt")];
    for (const id of [a, b]) {
      uppy.setFileState(id, {
        progress: {
          uploadStarted: 1,
          bytesUploaded: 10,
          bytesTotal: 10,
          uploadComplete: true,
          percentage: 100,
        },
      });
    }
    uppy.setFileState(a, { data: undefined });
    uppy.setFileState(b, { response: { status: 200 } });
    uppy.emit("restored", {});
    expect(uppy.getFile(a)).toMatchObject({
      isGhost: true,
      progress: { uploadComplete: false, uploadStarted: null },
    });
    expect(uppy.getFile(b).progress.uploadComplete).toBe(true);
  });
});
