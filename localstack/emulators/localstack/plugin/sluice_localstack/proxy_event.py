"""Converts requests and answers to and from payload format 2.0 of API Gateway's Lambda integrations.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import base64
import dataclasses
import json
import time
from urllib.parse import parse_qsl

TEXTUAL = ("text/", "application/json", "application/xml", "application/javascript")
# Other fields of the event carry these, or none does.
LEFT_OUT = {"connection", "cookie", "transfer-encoding"}


@dataclasses.dataclass(frozen=True)
class HttpRequest:
    method: str
    path: str
    query: str
    headers: list  # of (name, value)
    body: bytes
    source_address: str

    def header(self, name):
        return self.joined_headers().get(name, "")

    def joined_headers(self):
        joined = {}
        for name, value in self.headers:
            name = name.lower()
            joined[name] = f"{joined[name]},{value}" if name in joined else value
        return joined


def event_of(request, api_id, account_id, request_id, route_key, path_parameters):
    """Returns the event that a function receives for a request."""
    headers = request.joined_headers()
    now = time.time()
    event = {
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": request.path,
        "rawQueryString": request.query,
        "headers": {name: value for name, value in headers.items() if name not in LEFT_OUT},
        "requestContext": {
            "accountId": account_id,
            "apiId": api_id,
            "domainName": headers.get("host", ""),
            "domainPrefix": api_id,
            "http": {
                "method": request.method,
                "path": request.path,
                "protocol": "HTTP/1.1",
                "sourceIp": request.source_address,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": request_id,
            "routeKey": route_key,
            "stage": "$default",
            "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
            "timeEpoch": int(now * 1000),
        },
        "isBase64Encoded": False,
    }
    if cookies := headers.get("cookie"):
        event["cookies"] = [cookie.strip() for cookie in cookies.split(";")]
    if query := _joined_query(request.query):
        event["queryStringParameters"] = query
    if path_parameters:
        event["pathParameters"] = path_parameters
    if request.body:
        event["body"], event["isBase64Encoded"] = _body(request.body, headers.get("content-type", ""))
    return event


def answer_of(payload):
    """Returns status, headers and body of a function's answer. Raises ValueError if it is not JSON."""
    answer = json.loads(payload)
    if not isinstance(answer, dict) or "statusCode" not in answer:
        # A payload that does not look like an answer is the body of one.
        return 200, [("content-type", "application/json")], payload
    headers = [(name.lower(), str(value)) for name, value in (answer.get("headers") or {}).items()]
    headers += [("set-cookie", cookie) for cookie in answer.get("cookies") or []]
    body = (answer.get("body") or "").encode()
    if answer.get("isBase64Encoded"):
        body = base64.b64decode(body)
    return int(answer["statusCode"]), headers, body


def _joined_query(query):
    joined = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _body(body, content_type):
    try:
        if content_type.lower().startswith(TEXTUAL):
            return body.decode(), False
    except UnicodeDecodeError:
        pass
    return base64.b64encode(body).decode(), True
