import { expect, it, vi } from "vitest";

it("an invitation is taken out of the address, also in a tab that shows the page", async () => {
  const address = { hash: "#/a/", pathname: "/" };
  let onChange = () => {};
  vi.stubGlobal("location", address);
  vi.stubGlobal("history", { replaceState: () => (address.hash = "") });
  vi.stubGlobal("addEventListener", (_: string, listener: () => void) => (onChange = listener));
  const { folderView, invitation } = await import("../src/state/location.js");
  expect([folderView.value.folder, invitation.value]).toEqual(["a/", undefined]);
  address.hash = "#invitation=let-me-in";
  onChange();
  expect([address.hash, folderView.value.folder, invitation.value]).toEqual(["", "", "let-me-in"]);
  address.hash = "#/b/";
  onChange();
  expect([folderView.value.folder, invitation.value]).toEqual(["b/", "let-me-in"]);
});
