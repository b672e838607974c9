"""Models HTTP APIs of API Gateway: routes, integrations and CORS rules, as a template declares them."""

import dataclasses

CORS_HEADERS_PREFIX = "access-control-"


@dataclasses.dataclass(frozen=True)
class Route:
    """A method, a path such as `/files/{file_id}`, and the integration that answers."""

    method: str
    path: str
    integration_id: str

    @classmethod
    def declared(cls, key, target):
        """Parses `RouteKey` and `Target`. Catch-all routes are not supported."""
        method, _, path = key.partition(" ")
        if not path.startswith("/") or method == "ANY" or "+}" in path:
            raise ValueError(f"not a route with one method and a plain path: {key}")
        return cls(method, path, target.removeprefix("integrations/"))

    @property
    def key(self):
        return f"{self.method} {self.path}"

    def match(self, method, path):
        """Returns the path's parameters if the request matches this route, or else None."""
        ours, theirs = self.path.split("/"), path.split("/")
        if method != self.method or len(ours) != len(theirs):
            return None
        parameters = {}
        for our, their in zip(ours, theirs):
            if our.startswith("{") and their:
                parameters[our.strip("{}")] = their
            elif our != their:
                return None
        return parameters


@dataclasses.dataclass
class HttpApi:
    api_id: str
    cors: dict = dataclasses.field(default_factory=dict)
    routes: dict = dataclasses.field(default_factory=dict)
    integrations: dict = dataclasses.field(default_factory=dict)

    def find(self, method, path):
        """Returns the route of a request and the path's parameters. A literal segment wins over a parameter."""
        matches = ((route, route.match(method, path)) for route in list(self.routes.values()))
        found = [(route, parameters) for route, parameters in matches if parameters is not None]
        return min(found, key=lambda match: len(match[1]), default=(None, {}))

    def function_arn(self, route):
        return self.integrations[route.integration_id]

    def preflight(self, origin):
        """Returns the headers of a preflight's answer; none for an origin that is not allowed."""
        if not self._allows(origin):
            return {}
        return {
            "access-control-allow-origin": origin,
            "access-control-allow-methods": ",".join(self.cors.get("AllowMethods", [])),
            "access-control-allow-headers": ",".join(self.cors.get("AllowHeaders", [])),
            "access-control-max-age": str(self.cors.get("MaxAge", 0)),
        }

    def with_cors(self, headers, origin):
        """Returns the headers of an answer. The API's CORS rules, if any, replace the function's own CORS
        headers."""
        if not self.cors:
            return headers
        kept = [(name, value) for name, value in headers if not name.lower().startswith(CORS_HEADERS_PREFIX)]
        if self._allows(origin):
            kept.append(("access-control-allow-origin", origin))
            kept.append(("access-control-expose-headers", ",".join(self.cors.get("ExposeHeaders", []))))
        return kept

    def _allows(self, origin):
        allowed = self.cors.get("AllowOrigins", [])
        return bool(origin) and (origin in allowed or "*" in allowed)


# APIs by id. CloudFormation's resources write them, the gateway reads them.
APIS = {}
