"""Run LocalStack for as long as standard input stays open, with dynoxide as its DynamoDB.

The launcher holds the other end of the pipe, so its death, however sudden, ends all of it, every function too.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading

from localstack.runtime.main import main as run_localstack

PR_SET_PDEATHSIG = 1

libc = ctypes.CDLL(None)


def die_with_parent():
    """Cover this process's own death by SIGKILL. Dynoxide is started by the main thread, which lives the longest."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def start_dynoxide():
    command = [os.environ["DYNOXIDE"], "serve", "--host", "127.0.0.1", "--port", os.environ["DYNAMODB_LOCAL_PORT"]]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=die_with_parent)


def end():
    os.killpg(os.getpgrp(), signal.SIGKILL)


def obey_launcher():
    sys.stdin.read()
    # Nothing is kept, so there is nothing to end in order.
    end()


def end_with(process):
    status = process.wait()
    print(f"dynoxide ended by itself, status {status}", file=sys.stderr, flush=True)
    end()


def main():
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)
    dynoxide = start_dynoxide()
    threading.Thread(target=obey_launcher, daemon=True).start()
    threading.Thread(target=end_with, args=(dynoxide,), daemon=True).start()
    try:
        run_localstack()
    finally:
        end()


main()
