"""Run LocalStack with dynoxide as its DynamoDB until standard input closes.

The launcher holds the other end of the pipe, so everything ends with it, including the functions, even if it
is killed.
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
    """End dynoxide if this process is killed by SIGKILL. The main thread starts it, because it lives the
    longest."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def start_dynoxide():
    command = [os.environ["DYNOXIDE"], "serve", "--host", "127.0.0.1", "--port", os.environ["DYNAMODB_LOCAL_PORT"]]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=die_with_parent)


def end():
    os.killpg(os.getpgrp(), signal.SIGKILL)


def wait_for_launcher():
    sys.stdin.read()
    # Nothing is saved, so there is nothing to shut down in order.
    end()


def end_after(process):
    status = process.wait()
    print(f"dynoxide ended by itself, status {status}", file=sys.stderr, flush=True)
    end()


def main():
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)
    dynoxide = start_dynoxide()
    threading.Thread(target=wait_for_launcher, daemon=True).start()
    threading.Thread(target=end_after, args=(dynoxide,), daemon=True).start()
    try:
        run_localstack()
    finally:
        end()


main()
