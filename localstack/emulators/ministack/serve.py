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
from ministack.core.persistence import PERSIST_STATE, STATE_DIR, save_all

SAVE_INTERVAL_SECONDS = 5
READ_ONLY_METHODS = {"GET", "HEAD", "OPTIONS"}

emulator = ministack_app.app
changes = 0
stopping = threading.Event()


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
    ministack_app.app = count_changes
    threading.Thread(target=read_launcher_commands, daemon=True).start()
    try:
        ministack_app.main()
    finally:
        stopping.set()
        # Function processes belong to the group and do not end by themselves.
        os.killpg(os.getpgrp(), signal.SIGKILL)


main()
