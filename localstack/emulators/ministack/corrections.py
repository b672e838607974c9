"""Corrects where ministack 1.5.33 differs from AWS and Sluice depends on it, mostly in CloudFormation.

With the corrections, the same template means the same on ministack as on AWS. Remove one when a newer pinned
version no longer needs it. infra/README.md lists the differences that remain.
"""

import secrets
from socketserver import StreamRequestHandler

from ministack.core import iam_actions, lambda_runtime
from ministack.services import cloudformation, dynamodb, lambda_svc, sts
from ministack.services.cloudformation import provisioners

SESSION_TOKEN_LENGTH = 900


def apply():
    _before_create("AWS::ApiGatewayV2::Api", _lower_cors_keys)
    _before_create("AWS::Lambda::EventSourceMapping", _number_concurrency)
    _after_create("AWS::DynamoDB::Table", _enable_time_to_live)
    _allow_bucket_imports()
    _lengthen_session_tokens()
    _randomise_execution_credentials()
    _authorize_batches()
    # The runtime API writes an event in two pieces. With Nagle's algorithm, the second waits 40 ms for the
    # first's ACK.
    StreamRequestHandler.disable_nagle_algorithm = True


def _lower_cors_keys(properties):
    """Ministack looks up the API's CORS rules by the HTTP API's names, not by the template's."""
    cors = properties.get("CorsConfiguration")
    if not cors:
        return properties
    lowered = {key[:1].lower() + key[1:]: value for key, value in cors.items()}
    if "maxAge" in lowered:
        lowered["maxAge"] = int(lowered["maxAge"])
    return {**properties, "CorsConfiguration": lowered}


def _number_concurrency(properties):
    """A parameter is a string. The poller compares it with a number, fails and stops for every queue."""
    scaling = properties.get("ScalingConfig") or {}
    if "MaximumConcurrency" not in scaling:
        return properties
    return {**properties, "ScalingConfig": {"MaximumConcurrency": int(scaling["MaximumConcurrency"])}}


def _enable_time_to_live(table_name, properties):
    """Ministack ignores TimeToLiveSpecification."""
    specification = properties.get("TimeToLiveSpecification")
    if specification:
        dynamodb._ttl_settings[table_name] = {
            "TimeToLiveStatus": "ENABLED" if specification.get("Enabled") else "DISABLED",
            "AttributeName": specification["AttributeName"],
        }


def _allow_bucket_imports():
    """A bucket that a change set imports already exists, so the check of names before a deployment rejects
    it."""
    conflict = provisioners.s3_bucket_name_conflict

    def corrected_conflict(name):
        running = [s for s in cloudformation._change_sets.values() if s["ExecutionStatus"] == "EXECUTE_IN_PROGRESS"]
        imported = [identifier for s in running for identifier in s["_import_existing"].values()]
        return None if {"BucketName": name} in imported else conflict(name)

    provisioners.s3_bucket_name_conflict = corrected_conflict


def _lengthen_session_tokens():
    """Tokens of AWS have about 900 characters, which every presigned URL of a function carries."""
    generate, register = sts._gen_session_token, sts.register_session
    execution_credentials = lambda_runtime.execution_credentials

    def register_lengthened(access_key, session):
        register(access_key, {**session, "SessionToken": _lengthen(session["SessionToken"])})

    def lengthened_credentials(config):
        credentials = execution_credentials(config)
        return {**credentials, "AWS_SESSION_TOKEN": _lengthen(credentials["AWS_SESSION_TOKEN"])}

    sts._gen_session_token = lambda: _lengthen(generate())
    sts.register_session = register_lengthened
    lambda_runtime.execution_credentials = lambda_svc.execution_credentials = lengthened_credentials


def _lengthen(token):
    return (token * 15)[:SESSION_TOKEN_LENGTH]


def _randomise_execution_credentials():
    """Ministack derives the keys of a function from the names of the function and its role, which are the same
    on every machine. A path in front of the role's name changes nothing else."""
    execution_credentials = lambda_runtime.execution_credentials
    path = f":role/{secrets.token_hex(16)}/"

    def random_credentials(config):
        return execution_credentials({**config, "Role": config.get("Role", "").replace(":role/", path)})

    lambda_runtime.execution_credentials = lambda_svc.execution_credentials = random_credentials


def _authorize_batches():
    """SQS asks for the right to an action on one message, also for a batch of them."""
    extract = iam_actions.extract_iam_action

    def corrected_extract(service, *request):
        action = extract(service, *request)
        return action.removesuffix("Batch") if service == "sqs" and action else action

    iam_actions.extract_iam_action = corrected_extract


def _before_create(resource_type, correct):
    handlers = provisioners._RESOURCE_HANDLERS[resource_type]
    create, update = handlers["create"], handlers["update"]

    def corrected_create(logical_id, properties, *rest):
        return create(logical_id, correct(properties), *rest)

    def corrected_update(physical_id, old, new, *rest, **named):
        return update(physical_id, old, correct(new), *rest, **named)

    handlers["create"], handlers["update"] = corrected_create, corrected_update


def _after_create(resource_type, follow_up):
    handlers = provisioners._RESOURCE_HANDLERS[resource_type]
    create = handlers["create"]

    def followed_create(logical_id, properties, *rest):
        table_name, attributes = create(logical_id, properties, *rest)
        follow_up(table_name, properties)
        return table_name, attributes

    handlers["create"] = followed_create
