import { render } from "preact";
import { guardLeaving } from "./state/leaving.js";
import { start } from "./state/session.js";
import { App } from "./views/app.js";

const root = document.getElementById("app");
if (root !== null) render(<App />, root);
guardLeaving();
void start();
