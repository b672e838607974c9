"""Run ministack until standard input closes.

The launcher holds the other end of the pipe, so the emulator and every function process end with it, even if
it is killed. The line "save" saves the state, and from then on a changed state is saved every few seconds, so
that a killed emulator loses only the last of them.
"""

import logging
import os
import pathlib
import signal
import sys
import threading

import corrections
import function_log
from ministack import app as ministack_app
from ministack.core.iam_evaluator import is_root_access_key
from ministack.core.persistence import PERSIST_STATE, STATE_DIR, save_all

# Both emulators have the same gate.
sys.path.append(str(pathlib.Path(__file__).parents[1] / "localstack/plugin"))
from sluice_localstack.gate import PROXY_HEADER, Asked, Gate, access_denied  # noqa: E402

SAVE_INTERVAL_SECONDS = 5
READ_ONLY_METHODS = {"GET", "HEAD", "OPTIONS"}

emulator = ministack_app.app
# Functions inherit the environment, and need not know the origins. Ministack takes each key that it does not
# know for an administrator's or refuses it; it checks the signatures of sessions.
gate = Gate(
    access_key=os.environ["AWS_ACCESS_KEY_ID"],
    origins=frozenset(os.environ.pop("PAGE_ORIGINS").split(",")),
    is_session=lambda key: not is_root_access_key(key),
)
changes = 0
stopping = threading.Event()


async def admit(scope, receive, send):
    """Forward a request that the gate lets pass."""
    if scope["type"] == "lifespan":
        return await emulator(scope, receive, send)
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
    asked = Asked(scope.get("method", "GET"), scope["path"], scope["query_string"].decode("latin-1"), headers)
    if refusal := gate.refusal(asked):
        return await refuse(scope, receive, send, access_denied(refusal))
    kept = [pair for pair in scope["headers"] if pair[0].lower() != PROXY_HEADER.encode()]
    await count_changes({**scope, "headers": kept}, receive, send)


async def refuse(scope, receive, send, body):
    if scope["type"] == "websocket":
        return await send({"type": "websocket.close", "code": 1008})
    # A client that is still sending would not see the answer.
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"application/xml")]})
    await send({"type": "http.response.body", "body": body})


async def count_changes(scope, receive, send):
    """Forward a request, and count it if it may have changed the state."""
    global changes
    await emulator(scope, receive, send)
    if scope["type"] == "http" and scope["method"] not in READ_ONLY_METHODS:
        changes += 1


def save():
    save_all(ministack_app._build_persistence_save_dict())
    pathlib.Path(STATE_DIR, "saved").touch()


def keep_saving():
    saved = None
    while not stopping.is_set():
        current = changes
        if current != saved:
            save()
            saved = current
        stopping.wait(SAVE_INTERVAL_SECONDS)


def read_launcher_commands():
    for line in sys.stdin:
        if line.strip() == "save" and PERSIST_STATE:
            threading.Thread(target=keep_saving, daemon=True).start()
    os.kill(os.getpid(), signal.SIGTERM)


def main():
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)
    logging.getLogger("persistence").setLevel(logging.WARNING)
    corrections.apply()
    function_log.copy_to(os.environ["FUNCTIONS_LOG"])
    ministack_app.app = admit
    threading.Thread(target=read_launcher_commands, daemon=True).start()
    try:
        ministack_app.main()
    finally:
        stopping.set()
        # Function processes belong to the group and do not end by themselves.
        os.killpg(os.getpgrp(), signal.SIGKILL)


main()
