"""Run daemons for as long as standard input stays open.

The launcher holds the other end of the pipe, so its death, however sudden, ends the daemons. Each line of input is a
JSON list: ["start", program, argument…] or ["remove at end", path…]; each is answered by a line, "ok" or why not. A
daemon that ends by itself ends all. The argument is how many seconds the daemons have to end in order before they are
killed.
"""

import ctypes
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

GRACE_SECONDS = float(sys.argv[1])
PR_SET_PDEATHSIG = 1

daemons = []
leftovers = []
ending = threading.Lock()
libc = ctypes.CDLL(None)


def die_with_parent():
    """Cover the one death that leaves no time for end(): this process's own, by SIGKILL."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def watch(program, daemon):
    status = daemon.wait()
    if not ending.locked():
        print(f"{program} ended by itself, status {status}", file=sys.stderr, flush=True)
        end(1)


def start(*command):
    daemon = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=sys.stderr, preexec_fn=die_with_parent
    )
    daemons.append(daemon)
    threading.Thread(target=watch, args=(command[0], daemon), daemon=True).start()


def remove_at_end(*paths):
    leftovers.extend(paths)


def end(status):
    ending.acquire()
    for daemon in daemons:
        daemon.terminate()
    give_up = time.monotonic() + GRACE_SECONDS
    for daemon in daemons:
        try:
            daemon.wait(max(0, give_up - time.monotonic()))
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()
    for path in leftovers:
        pathlib.Path(path).unlink(missing_ok=True)
    os._exit(status)


ORDERS = {"start": start, "remove at end": remove_at_end}


def main():
    try:
        for line in sys.stdin:
            order, *details = json.loads(line)
            try:
                ORDERS[order](*details)
                print("ok", flush=True)
            except OSError as error:
                print(error, flush=True)
    finally:
        end(0)


main()
