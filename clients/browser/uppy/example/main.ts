import { type Connection, connect, logIn } from "@sluice/browser";
import Sluice, { type SluiceBody } from "@sluice/uppy";
import Uppy from "@uppy/core";
import type { Meta } from "@uppy/core/utils";
import Dashboard from "@uppy/dashboard";
import GoldenRetriever from "@uppy/golden-retriever";
import "@uppy/core/css/style.min.css";
import "@uppy/dashboard/css/style.min.css";

/** The session storage key of the token, so that the session survives a reload. */
const TOKEN = "token";
const MIB = 1024 * 1024;
/**
 * Keeps larger files than Golden Retriever does by default, so that they need not be picked again after a
 * reload.
 */
const keptFiles = { name: "kept-files", maxFileSize: 64 * MIB, maxTotalSize: 512 * MIB };

function element<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found as T;
}

function showUploader(connection: Connection): void {
  const uppy = new Uppy<Meta, SluiceBody>({ debug: true })
    .use(Dashboard, { target: "#uploads", inline: true, fileManagerSelectionType: "both" })
    .use(GoldenRetriever, { indexedDB: keptFiles })
    .use(Sluice, { connection });
  uppy.on("upload-success", (_file, response) => {
    const line = document.createElement("li");
    line.textContent = `${response.body?.version.path}: ${response.body?.outcome}`;
    element("done").append(line);
  });
}

const api = new URLSearchParams(location.search).get("api") ?? "";
const connection = connect({ api, token: () => sessionStorage.getItem(TOKEN) ?? "" });
const form = element<HTMLFormElement>("login");

function enter(): void {
  form.hidden = true;
  showUploader(connection);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const fields = new FormData(form);
  try {
    const session = await logIn(connection, String(fields.get("username")), String(fields.get("password")));
    sessionStorage.setItem(TOKEN, session.token ?? "");
    enter();
  } catch (error) {
    element("problem").textContent = String(error);
  }
});

if (sessionStorage.getItem(TOKEN)) enter();
