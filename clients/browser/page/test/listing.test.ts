import { beforeEach, expect, it, vi } from "vitest";

const { listFiles } = vi.hoisted(() => ({ listFiles: vi.fn() }));
vi.mock("@sluice/browser", () => ({ listFiles, connect: () => ({}) }));
vi.stubGlobal("addEventListener", () => {});
vi.stubGlobal("location", { hash: "" });

const { list, listState, load } = await import("../src/state/listing.js");
const page = (paths: string[], nextCursor?: string) => ({
  items: paths.map((path) => ({ path })),
  prefixes: [],
  nextCursor,
});

beforeEach(() => listFiles.mockReset());

it("an empty page that is not the last is followed by the next", async () => {
  listFiles
    .mockResolvedValueOnce(page([], "1"))
    .mockResolvedValueOnce(page([], "2"))
    .mockResolvedValueOnce(page(["a"], "3"));
  await load();
  expect(list.value).toEqual(page(["a"], "3"));
  expect(listFiles.mock.calls.map(([, , { cursor }]) => cursor)).toEqual([undefined, "1", "2"]);
  listFiles.mockResolvedValueOnce(page([], "4")).mockResolvedValueOnce(page(["b"]));
  await load(true);
  expect(list.value).toEqual(page(["a", "b"]));
  expect(listState.value).toBe("ready");
});

it("an empty folder has one page", async () => {
  listFiles.mockResolvedValueOnce(page([]));
  await load();
  expect(list.value).toEqual(page([]));
  expect(listFiles).toHaveBeenCalledOnce();
});
