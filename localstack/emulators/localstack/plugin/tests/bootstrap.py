#!/usr/bin/env python3
"""A function for the tests, which does what the event says."""

import json
import os
import sys
import time
import urllib.request

RUNTIME = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime"


def send(path, body):
    urllib.request.urlopen(f"{RUNTIME}/{path}", data=json.dumps(body).encode()).read()


if os.environ.get("FAIL_AT_START"):
    send("init/error", {"errorMessage": "not today"})
    sys.exit(1)
if os.environ.get("EXIT_AT_START"):
    sys.exit(3)
while True:
    with urllib.request.urlopen(f"{RUNTIME}/invocation/next") as invocation:
        request_id = invocation.headers["Lambda-Runtime-Aws-Request-Id"]
        order = json.load(invocation)
    print("told to", order, flush=True)
    if order == "exit":
        sys.exit(7)
    if order == "sleep":
        time.sleep(60)
    answer = "error" if order == "fail" else "response"
    send(f"invocation/{request_id}/{answer}", {"pid": os.getpid(), "variables": sorted(os.environ)})
