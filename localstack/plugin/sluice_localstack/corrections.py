"""Where LocalStack 4.9.2 and 4.14.0 depart from AWS in what Sluice relies on, and what it would download.

Remove one when a newer pinned version does it itself. The differences that are left alone are listed in
localstack/README.md.
"""

import collections
import functools
import os
import threading
import urllib.parse

from localstack import config
from localstack.runtime import hooks
from localstack.utils.threads import start_thread

from .event_sources import poll_as_lambda_does


@hooks.on_infra_start()
def apply():
    # In a container it is the container's published ports that say who may call, and LocalStack's image has a DynamoDB.
    if not config.is_in_docker:
        _listen_on_loopback()
    if "DYNOXIDE" in os.environ:
        _use_running_dynamodb()
    _deploy_without_delay()
    _know_session_credentials()
    _refuse_anonymous_requests()
    _encode_keys_of_events()
    _end_uploads_one_by_one()
    _tolerate_concurrent_calls()
    _count_no_invocations()
    poll_as_lambda_does()


def _listen_on_loopback():
    """The host of GATEWAY_LISTEN is not heeded."""
    from localstack.runtime.server import twisted

    twisted.endpoints.TCP4ServerEndpoint = functools.partial(
        twisted.endpoints.TCP4ServerEndpoint, interface="127.0.0.1"
    )


def _use_running_dynamodb():
    """The launcher has started one; LocalStack's own is a download, and needs Java."""
    from localstack.services.dynamodb.server import DynamodbServer

    DynamodbServer.do_start_thread = lambda _server: start_thread(lambda *_: None, name="dynamodb")
    DynamodbServer.start_dynamodb = lambda server: server.start()
    DynamodbServer.stop_dynamodb = lambda _server: None


def _deploy_without_delay():
    """What is not ready at once, as no function is, is looked at again after five seconds; and a guard against circular
    references, of which the template has none, takes four fifths of the time."""
    from localstack.services.cloudformation.engine import template_deployer
    from localstack.services.cloudformation.resource_provider import ResourceProviderExecutor as Executor

    Executor.deploy_loop = functools.partialmethod(Executor.deploy_loop, sleep_time=0.05)
    for guarded in ("resolve_refs_recursively", "_resolve_refs_recursively"):
        setattr(template_deployer, guarded, getattr(template_deployer, guarded).__wrapped__)


def _know_session_credentials():
    """The secrets of sessions are not looked up, so that what a function signs with its role would be refused."""
    from localstack.services.s3 import presigned_url
    from moto.sts.models import sts_backends

    look_up = presigned_url.get_secret_access_key_from_access_key_id.__wrapped__

    def look_up_session_too(access_key_id, region):
        for backends in sts_backends.values():
            for backend in backends.values():
                if role := backend.get_assumed_role_from_access_key(access_key_id):
                    return role.secret_access_key
        return look_up(access_key_id, region)

    presigned_url.get_secret_access_key_from_access_key_id = look_up_session_too


def _refuse_anonymous_requests():
    """Without IAM buckets are open to all. The template's buckets block public access."""
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
    """As in a form: a space is `+`."""
    from localstack.services.s3 import notifications

    notifications.quote = functools.partial(urllib.parse.quote_plus, safe="/")


def _end_uploads_one_by_one():
    """Of two completions at once, the later would write an empty object over the former's."""
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
    """Environments of a function. They are looked through while other calls add some."""

    def values(self):
        return list(super().values())


def _tolerate_concurrent_calls():
    from localstack.services.lambda_.invocation.assignment import AssignmentService

    initialise = AssignmentService.__init__

    def initialise_with_copies(service):
        initialise(service)
        service.environments = collections.defaultdict(Environments)

    AssignmentService.__init__ = initialise_with_copies


def _count_no_invocations():
    """Every invocation would write metrics to a database, which costs more than the invocation. Nobody reads them."""
    from localstack.services.lambda_.invocation import version_manager

    version_manager.record_cw_metric_invocation = lambda **_: None
    version_manager.record_cw_metric_error = lambda **_: None
