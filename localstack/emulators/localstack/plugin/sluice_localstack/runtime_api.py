"""Serves the Lambda Runtime API to one runtime.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import dataclasses
import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PREFIX = "/2018-06-01/runtime/"


@dataclasses.dataclass(frozen=True)
class Invocation:
    request_id: str
    function_arn: str
    trace_id: str
    deadline_ms: int
    payload: bytes


@dataclasses.dataclass(frozen=True)
class Ready:
    """The runtime asks for its first invocation."""


@dataclasses.dataclass(frozen=True)
class Answer:
    """The runtime's answer to an invocation, or its error at the start."""

    payload: bytes
    failed: bool


class RuntimeApi(ThreadingHTTPServer):
    """Hands out invocations and puts the runtime's calls into `events`."""

    daemon_threads = True

    def __init__(self, events):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.events = events
        self.ready = threading.Event()
        self._invocations = queue.SimpleQueue()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self.server_port}"

    def hand_out(self, invocation):
        self._invocations.put(invocation)

    def next_invocation(self):
        """Waits for the next invocation. Returns None when the API is closed."""
        if not self.ready.is_set():
            self.ready.set()
            self.events.put(Ready())
        return self._invocations.get()

    def close(self):
        self._invocations.put(None)
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Send head and body together and at once.
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self):
        if self.path != f"{PREFIX}invocation/next":
            return self._reply(404)
        invocation = self.server.next_invocation()
        if invocation is None:
            self.close_connection = True
            return None
        return self._reply(
            200,
            invocation.payload,
            {
                "Content-Type": "application/json",
                "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
                "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
                "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
                "Lambda-Runtime-Trace-Id": invocation.trace_id,
            },
        )

    def do_POST(self):
        payload = self._body()
        match self.path.removeprefix(PREFIX).split("/"):
            case ["invocation", _, "response"]:
                self.server.events.put(Answer(payload, failed=False))
            case ["invocation", _, "error"] | ["init", "error"]:
                self.server.events.put(Answer(payload, failed=True))
            case _:
                return self._reply(404)
        return self._reply(202)

    def _body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while length := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(length)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _reply(self, status, body=b"", headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments):
        """Logs nothing: every invocation would write two lines."""
