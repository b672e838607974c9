#!/usr/bin/env python3
"""A function that answers with its process id, and with as many letters as the event asks for.

It copies each event to standard output.
"""

import http.client
import json
import os

PREFIX = "/2018-06-01/runtime/invocation"
runtime_api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    runtime_api.request("GET", f"{PREFIX}/next")
    answer = runtime_api.getresponse()
    request_id = answer.headers["Lambda-Runtime-Aws-Request-Id"]
    event = json.loads(answer.read())
    print(json.dumps(event), flush=True)
    result = {"process": os.getpid(), "letters": "x" * event.get("letters", 0)}
    runtime_api.request("POST", f"{PREFIX}/{request_id}/response", json.dumps(result))
    runtime_api.getresponse().read()
