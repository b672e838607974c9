"""Runs a function's process, which is one execution environment."""

import collections
import dataclasses
import json
import os
import queue
import subprocess
import threading
import time

from .runtime_api import Answer, Ready, RuntimeApi

# Lambda allows 10 seconds. A busy machine needs longer.
START_SECONDS = 15
KEPT_LINES = 1000


class StartFailure(Exception):
    """The runtime ended or reported an error before it asked for an invocation."""

    def __init__(self, payload):
        super().__init__(payload.decode(errors="replace"))
        self.payload = payload


@dataclasses.dataclass(frozen=True)
class Exited:
    status: int

    def __str__(self):
        return f"exit status {self.status}" if self.status >= 0 else f"signal {-self.status}"


def error(kind, message):
    return Answer(json.dumps({"errorType": kind, "errorMessage": message}).encode(), failed=True)


class Runtime:
    """Runs `bootstrap` of a folder until it is stopped, takes too long or ends by itself."""

    def __init__(self, folder, environment, label, log):
        self._events = queue.SimpleQueue()
        self._api = RuntimeApi(self._events)
        self._lines = collections.deque(maxlen=KEPT_LINES)
        self._label, self._log = label.encode(), log
        bootstrap = os.path.join(folder, "bootstrap")
        os.chmod(bootstrap, 0o755)
        self._process = subprocess.Popen(
            [bootstrap],
            cwd=folder,
            env={**environment, "AWS_LAMBDA_RUNTIME_API": self._api.address, "LAMBDA_TASK_ROOT": str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        threading.Thread(target=self._watch, daemon=True).start()

    def wait_until_ready(self):
        match self._next_event(START_SECONDS):
            case Ready():
                return
            case Answer() as failure:
                self.stop()
                raise StartFailure(failure.payload)
            case Exited() as exited:
                raise StartFailure(error("Runtime.ExitError", f"Runtime exited with error: {exited}").payload)
        self.stop()
        raise StartFailure(error("Sandbox.Timedout", f"no answer within {START_SECONDS} seconds").payload)

    def invoke(self, invocation):
        """Returns the answer within the invocation's deadline. A runtime that gives none is stopped or has
        ended."""
        self._api.hand_out(invocation)
        seconds = invocation.deadline_ms / 1000 - time.time()
        match self._next_event(seconds):
            case Answer() as answer:
                return answer
            case Exited() as exited:
                message = f"RequestId: {invocation.request_id} Error: Runtime exited with error: {exited}"
                return error("Runtime.ExitError", message)
        self.stop()
        message = f"RequestId: {invocation.request_id} Error: Task timed out after {seconds:.2f} seconds"
        return error("Sandbox.Timedout", message)

    @property
    def alive(self):
        return self._process.poll() is None

    def take_lines(self):
        """Returns the function's output since the last call."""
        return "".join(self._lines.popleft() for _ in range(len(self._lines)))

    def stop(self):
        self._process.kill()

    def _next_event(self, seconds):
        try:
            return self._events.get(timeout=max(0, seconds))
        except queue.Empty:
            return None

    def _watch(self):
        with self._process.stdout as lines:
            for line in lines:
                self._log.write(self._label + line)
                self._lines.append(line.decode(errors="replace"))
        self._events.put(Exited(self._process.wait()))
        self._api.close()
