"""Implements CloudFormation resources that LocalStack's free edition does not support."""

import uuid

from localstack.services.cloudformation.resource_provider import (
    CloudFormationResourceProviderPlugin,
    OperationStatus,
    ProgressEvent,
    ResourceProvider,
)

from .gateway import open_api
from .http_api import APIS, HttpApi, Route


class Resource(ResourceProvider):
    """A resource that is ready at once. `ID` is the property that `Ref` returns."""

    ID = ""
    SCHEMA = {}

    def __init_subclass__(cls):
        cls.SCHEMA = {"primaryIdentifier": [f"/properties/{cls.ID}"]}

    def create(self, request):
        return self._put(request.desired_state, request.desired_state.get(self.ID) or uuid.uuid4().hex[:10])

    def update(self, request):
        return self._put(request.desired_state, request.previous_state[self.ID])

    def delete(self, request):
        self.remove(request.desired_state)
        return ProgressEvent(OperationStatus.SUCCESS, resource_model={})

    def put(self, properties):
        """Creates or replaces the resource as declared. May add attributes."""

    def remove(self, properties):
        """Deletes the resource."""

    def _put(self, properties, identifier):
        properties[self.ID] = identifier
        self.put(properties)
        return ProgressEvent(OperationStatus.SUCCESS, resource_model=properties)


class Api(Resource):
    ID = "ApiId"

    def put(self, properties):
        api_id = properties[self.ID]
        if api_id not in APIS:
            open_api(HttpApi(api_id))
        APIS[api_id].cors = properties.get("CorsConfiguration") or {}
        properties["ApiEndpoint"] = f"http://{api_id}.execute-api.localhost"

    def remove(self, properties):
        APIS.pop(properties[self.ID], None)


class Integration(Resource):
    ID = "IntegrationId"

    def put(self, properties):
        APIS[properties["ApiId"]].integrations[properties[self.ID]] = properties["IntegrationUri"]


class ApiRoute(Resource):
    ID = "RouteId"

    def put(self, properties):
        route = Route.declared(properties["RouteKey"], properties["Target"])
        APIS[properties["ApiId"]].routes[properties[self.ID]] = route

    def remove(self, properties):
        if api := APIS.get(properties["ApiId"]):
            api.routes.pop(properties[self.ID], None)


class Stage(Resource):
    """An API has only the stage `$default`, which is always deployed."""

    ID = "StageName"


class Distribution(Resource):
    """Has a name that other resources can refer to, and serves nothing."""

    ID = "Id"

    def put(self, properties):
        properties["DomainName"] = f"{properties[self.ID]}.cloudfront.net"


def _plugin(resource_type, provider):
    """LocalStack finds a provider by the name of its plug-in."""

    def load(plugin):
        plugin.factory = provider

    members = {"name": resource_type, "load": load}
    return type(f"{provider.__name__}Plugin", (CloudFormationResourceProviderPlugin,), members)


ApiPlugin = _plugin("AWS::ApiGatewayV2::Api", Api)
IntegrationPlugin = _plugin("AWS::ApiGatewayV2::Integration", Integration)
RoutePlugin = _plugin("AWS::ApiGatewayV2::Route", ApiRoute)
StagePlugin = _plugin("AWS::ApiGatewayV2::Stage", Stage)
DistributionPlugin = _plugin("AWS::CloudFront::Distribution", Distribution)
