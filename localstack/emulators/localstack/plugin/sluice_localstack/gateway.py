"""Answers requests to HTTP APIs at `{api id}.execute-api.localhost`, like LocalStack's REST APIs."""

import json
import logging
import uuid

from localstack.aws.connect import connect_to
from localstack.constants import DEFAULT_AWS_ACCOUNT_ID
from localstack.http import Response
from localstack.services.edge import ROUTER
from rolo.request import get_raw_path

from .http_api import APIS
from .proxy_event import HttpRequest, answer_of, event_of

LOG = logging.getLogger(__name__)

BODY_MAX_BYTES = 10 << 20


def open_api(api):
    APIS[api.api_id] = api
    host = f"{api.api_id}.execute-api.<regex('.+'):domain>"
    for path in ("/", "/<path:path>"):
        ROUTER.add(path, endpoint=lambda request, **_variables: _respond(api, request), host=host)


def _respond(api, incoming):
    request = _read(incoming)
    origin = request.header("origin")
    if request.method == "OPTIONS" and api.cors and origin:
        return Response(status=204, headers=api.preflight(origin))
    status, headers, body = _answer(api, request)
    response = Response(body, status=status)
    response.headers.clear()
    for name, value in api.with_cors(headers, origin):
        response.headers.add(name, value)
    return response


def _read(incoming):
    return HttpRequest(
        method=incoming.method,
        path=get_raw_path(incoming),
        query=incoming.query_string.decode(),
        headers=list(incoming.headers.items()),
        body=incoming.get_data(),
        source_address=incoming.remote_addr or "127.0.0.1",
    )


def _answer(api, request):
    route, parameters = api.find(request.method, request.path)
    if route is None:
        return _message(404, "Not Found")
    if len(request.body) > BODY_MAX_BYTES:
        return _message(413, "Request Entity Too Large")
    request_id = str(uuid.uuid4())
    event = event_of(request, api.api_id, DEFAULT_AWS_ACCOUNT_ID, request_id, route.key, parameters)
    try:
        return answer_of(_invoke(api.function_arn(route), event))
    except Exception:
        LOG.exception("%s: the function did not answer", route.key)
        return _message(500, "Internal Server Error")


def _invoke(function_arn, event):
    region = function_arn.split(":")[3]
    client = connect_to(region_name=region).lambda_
    answer = client.invoke(FunctionName=function_arn, Payload=json.dumps(event))
    payload = answer["Payload"].read()
    if "FunctionError" in answer:
        raise RuntimeError(payload.decode(errors="replace"))
    return payload


def _message(status, text):
    return status, [("content-type", "application/json")], json.dumps({"message": text}).encode()
