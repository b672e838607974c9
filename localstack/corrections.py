"""Where ministack 1.5.33's CloudFormation departs from AWS in what Sluice relies on.

Each correction lets the same template mean on ministack what it means on AWS. Remove one when a newer pinned version
does it itself. The differences that are left alone are listed in infra/README.md.
"""

from socketserver import StreamRequestHandler

from ministack.services import cloudformation, dynamodb
from ministack.services.cloudformation import provisioners


def apply():
    _before_create("AWS::ApiGatewayV2::Api", _lower_cors_keys)
    _before_create("AWS::Lambda::EventSourceMapping", _number_concurrency)
    _after_create("AWS::DynamoDB::Table", _enable_time_to_live)
    _take_in_buckets()
    # The runtime API writes an event in two pieces; unless sent at once, the second waits 40 ms for the first's receipt.
    StreamRequestHandler.disable_nagle_algorithm = True


def _lower_cors_keys(properties):
    """The API's CORS rules are looked up under the names of the HTTP API, not under the template's."""
    cors = properties.get("CorsConfiguration")
    if not cors:
        return properties
    lowered = {key[:1].lower() + key[1:]: value for key, value in cors.items()}
    if "maxAge" in lowered:
        lowered["maxAge"] = int(lowered["maxAge"])
    return {**properties, "CorsConfiguration": lowered}


def _number_concurrency(properties):
    """A parameter is a string; the poller compares it with a number and stops for every queue."""
    scaling = properties.get("ScalingConfig") or {}
    if "MaximumConcurrency" not in scaling:
        return properties
    return {**properties, "ScalingConfig": {"MaximumConcurrency": int(scaling["MaximumConcurrency"])}}


def _enable_time_to_live(table_name, properties):
    """TimeToLiveSpecification is ignored."""
    specification = properties.get("TimeToLiveSpecification")
    if specification:
        dynamodb._ttl_settings[table_name] = {
            "TimeToLiveStatus": "ENABLED" if specification.get("Enabled") else "DISABLED",
            "AttributeName": specification["AttributeName"],
        }


def _take_in_buckets():
    """A bucket that a change set takes in exists, and is refused for that by the check of names before a deployment."""
    conflict = provisioners.s3_bucket_name_conflict

    def corrected_conflict(name):
        under_way = [s for s in cloudformation._change_sets.values() if s["ExecutionStatus"] == "EXECUTE_IN_PROGRESS"]
        taken_in = [identifier for s in under_way for identifier in s["_import_existing"].values()]
        return None if {"BucketName": name} in taken_in else conflict(name)

    provisioners.s3_bucket_name_conflict = corrected_conflict


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
