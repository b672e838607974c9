#!/usr/bin/env python3
"""Stands in for every function, and answers only what the launcher and its tests need."""

import json
import os
import urllib.request

RUNTIME = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"


def handle(event):
    if "Records" in event:
        failed = [{"itemIdentifier": record["messageId"]} for record in event["Records"] if "poison" in record["body"]]
        return {"batchItemFailures": failed}
    if "routeKey" not in event:
        return {}
    if event["routeKey"].endswith("/content"):
        return {"statusCode": 302, "headers": {"location": "http://127.0.0.1/elsewhere", "etag": '"1"'}}
    if event["routeKey"] == "GET /accounts/me":
        return {"statusCode": 401, "body": "{}"}
    return {"statusCode": 200, "body": event.get("body", "")}


while True:
    with urllib.request.urlopen(f"{RUNTIME}/next") as invocation:
        request_id = invocation.headers["Lambda-Runtime-Aws-Request-Id"]
        event = json.load(invocation)
    print(json.dumps(event), flush=True)
    answer = json.dumps(handle(event)).encode()
    urllib.request.urlopen(f"{RUNTIME}/{request_id}/response", data=answer).read()
