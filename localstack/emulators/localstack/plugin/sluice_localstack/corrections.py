"""Corrects where LocalStack 4.9.2 and 4.14.0 differ from AWS and Sluice depends on it, and prevents
downloads.

Remove a correction when a newer pinned version no longer needs it. localstack/README.md lists the differences
that remain.
"""

import collections
import functools
import os
import threading
import urllib.parse

from localstack import config
from localstack.runtime import hooks
from localstack.utils.threads import start_thread

from .event_sources import poll_like_lambda
from .gate import PROXY_HEADER, Asked, Gate, access_denied


@hooks.on_infra_start()
def apply():
    # In a container, the published ports decide who may call, and LocalStack's image contains a DynamoDB.
    if not config.is_in_docker:
        _listen_on_loopback()
    if "DYNOXIDE" in os.environ:
        _use_running_dynamodb()
    _deploy_without_delay()
    _recognise_credentials()
    _admit_only_keys_of_this_run()
    _reject_anonymous_requests()
    _encode_keys_of_events()
    _serialise_ends_of_uploads()
    _tolerate_concurrent_calls()
    _record_no_invocation_metrics()
    poll_like_lambda()


def _listen_on_loopback():
    """LocalStack ignores the host of GATEWAY_LISTEN."""
    from localstack.runtime.server import twisted

    twisted.endpoints.TCP4ServerEndpoint = functools.partial(
        twisted.endpoints.TCP4ServerEndpoint, interface="127.0.0.1"
    )


def _use_running_dynamodb():
    """The launcher has started a DynamoDB. LocalStack's own would be downloaded and needs Java."""
    from localstack.services.dynamodb.server import DynamodbServer

    DynamodbServer.do_start_thread = lambda _server: start_thread(lambda *_: None, name="dynamodb")
    DynamodbServer.start_dynamodb = lambda server: server.start()
    DynamodbServer.stop_dynamodb = lambda _server: None


def _deploy_without_delay():
    """LocalStack checks a resource that is not ready again only after five seconds, and no function is ready
    at once. Its guard against circular references, which the template does not have, takes four fifths of the
    time."""
    from localstack.services.cloudformation.engine import template_deployer
    from localstack.services.cloudformation.resource_provider import ResourceProviderExecutor as Executor

    Executor.deploy_loop = functools.partialmethod(Executor.deploy_loop, sleep_time=0.05)
    for guarded in ("resolve_refs_recursively", "_resolve_refs_recursively"):
        setattr(template_deployer, guarded, getattr(template_deployer, guarded).__wrapped__)


def _recognise_credentials():
    """LocalStack looks up neither the secrets of sessions nor the administrator's, so it would reject what they
    sign."""
    from localstack.services.s3 import presigned_url

    look_up = presigned_url.get_secret_access_key_from_access_key_id.__wrapped__

    def look_up_ours_too(access_key_id, region):
        if access_key_id == os.environ["SLUICE_ACCESS_KEY"]:
            return os.environ["SLUICE_SECRET_KEY"]
        session = _session(access_key_id)
        return session.secret_access_key if session else look_up(access_key_id, region)

    presigned_url.get_secret_access_key_from_access_key_id = look_up_ours_too


def _session(access_key_id):
    from moto.sts.models import sts_backends

    backends = [backend for regions in list(sts_backends.values()) for backend in list(regions.values())]
    found = (backend.get_assumed_role_from_access_key(access_key_id) for backend in backends)
    return next(filter(None, found), None)


def _admit_only_keys_of_this_run():
    """LocalStack does whatever anybody asks for. Its own calls are not signed with our keys, but have a header
    that only pages of this machine and allowed origins could send."""
    from localstack.aws.app import LocalstackAwsGateway

    origins = frozenset(os.environ["SLUICE_PAGE_ORIGINS"].split(","))
    gate = Gate(os.environ["SLUICE_ACCESS_KEY"], origins, lambda key: _session(key) is not None)

    def admit(chain, context, response):
        request = context.request
        query = request.query_string.decode("latin-1")
        asked = Asked(request.method, request.path, query, list(request.headers.items()))
        refusal = gate.refusal_of_foreign(asked) if context.is_internal_call else gate.refusal(asked)
        if refusal:
            response.status_code = 403
            response.data = access_denied(refusal)
            chain.terminate()
        request.headers.pop(PROXY_HEADER, None)

    initialise = LocalstackAwsGateway.__init__

    def initialise_with_gate(gateway, *arguments, **options):
        initialise(gateway, *arguments, **options)
        # After the handler that tells which calls are internal.
        gateway.request_handlers.insert(1, admit)

    LocalstackAwsGateway.__init__ = initialise_with_gate


def _reject_anonymous_requests():
    """Without IAM, LocalStack's buckets are public. The template's buckets block public access."""
    from localstack.services.s3 import presigned_url

    is_presigned = presigned_url.is_presigned_url_request

    def is_presigned_or_signed(context):
        if is_presigned(context):
            return True
        if "Authorization" not in context.request.headers:
            raise presigned_url.AccessDenied("Access Denied", HostId=presigned_url.FAKE_HOST_ID)
        return False

    presigned_url.is_presigned_url_request = is_presigned_or_signed


def _encode_keys_of_events():
    """S3 encodes the keys of events as form data: a space becomes `+`."""
    from localstack.services.s3 import notifications

    notifications.quote = functools.partial(urllib.parse.quote_plus, safe="/")


def _serialise_ends_of_uploads():
    """If two completions run at once, the second overwrites the first one's object with an empty one."""
    from localstack.services.s3.provider import S3Provider

    lock = threading.Lock()

    def alone(operation):
        @functools.wraps(operation)
        def end_upload(*arguments, **options):
            with lock:
                return operation(*arguments, **options)

        return end_upload

    for name in ("complete_multipart_upload", "abort_multipart_upload"):
        setattr(S3Provider, name, alone(getattr(S3Provider, name)))


class Environments(dict):
    """The environments of a function. LocalStack iterates over them while other calls add some."""

    def values(self):
        return list(super().values())


def _tolerate_concurrent_calls():
    from localstack.services.lambda_.invocation.assignment import AssignmentService

    initialise = AssignmentService.__init__

    def initialise_with_copies(service):
        initialise(service)
        service.environments = collections.defaultdict(Environments)

    AssignmentService.__init__ = initialise_with_copies


def _record_no_invocation_metrics():
    """LocalStack writes metrics of every invocation to a database. That takes longer than the invocation, and
    nothing reads them."""
    from localstack.services.lambda_.invocation import version_manager

    version_manager.record_cw_metric_invocation = lambda **_: None
    version_manager.record_cw_metric_error = lambda **_: None
