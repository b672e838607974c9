"""Run daemons until standard input closes.

The launcher holds the other end of the pipe, so the daemons end with it, even if it is killed. Each line of
input is a JSON list: ["start", program, argument…] or ["remove at end", path…]. The answer to each is one
line, "ok" or an error. If one daemon ends by itself, all end. The argument is how many seconds the daemons
may take to stop before they are killed.
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

STOP_SECONDS = float(sys.argv[1])
PR_SET_PDEATHSIG = 1

daemons = []
removed_at_end = []
ending = threading.Lock()
libc = ctypes.CDLL(None)


def die_with_parent():
    """End the daemon if this process is killed by SIGKILL, which leaves no time for end()."""
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
    removed_at_end.extend(paths)


def end(status):
    ending.acquire()
    for daemon in daemons:
        daemon.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for daemon in daemons:
        try:
            daemon.wait(max(0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()
    for path in removed_at_end:
        pathlib.Path(path).unlink(missing_ok=True)
    os._exit(status)


COMMANDS = {"start": start, "remove at end": remove_at_end}


def main():
    try:
        for line in sys.stdin:
            command, *arguments = json.loads(line)
            try:
                COMMANDS[command](*arguments)
                print("ok", flush=True)
            except OSError as error:
                print(error, flush=True)
    finally:
        end(0)


main()
