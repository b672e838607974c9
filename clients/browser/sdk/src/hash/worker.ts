/** Runs in a worker, off the main thread. */

import type { Request } from "./messages.js";
import { serve } from "./serve.js";

const receive = serve((reply, transfer) => self.postMessage(reply, { transfer }));
self.onmessage = (event: MessageEvent<Request>) => receive(event.data);
