import unittest

from sluice_localstack.http_api import HttpApi, Route

CORS = {
    "AllowOrigins": ["http://page"],
    "AllowMethods": ["GET", "POST"],
    "AllowHeaders": ["authorization"],
    "ExposeHeaders": ["etag"],
    "MaxAge": 3600,
}


def api(*keys):
    api = HttpApi("abc", CORS)
    for key in keys:
        api.routes[key] = Route.declared(key, f"integrations/{key}")
        api.integrations[key] = f"arn:of:{key}"
    return api


class Routing(unittest.TestCase):
    def test_a_literal_segment_wins_over_a_parameter(self):
        deployed = api("GET /uploads/{upload_id}", "GET /uploads/mine")
        self.assertEqual(deployed.find("GET", "/uploads/mine")[0].key, "GET /uploads/mine")
        route, parameters = deployed.find("GET", "/uploads/01")
        self.assertEqual((route.key, parameters), ("GET /uploads/{upload_id}", {"upload_id": "01"}))
        self.assertEqual(deployed.function_arn(route), "arn:of:GET /uploads/{upload_id}")

    def test_a_route_matches_only_its_method_and_length(self):
        deployed = api("GET /files/{file_id}/content")
        for method, path in [("PUT", "/files/1/content"), ("GET", "/files/1"), ("GET", "/files//content")]:
            self.assertEqual(deployed.find(method, path), (None, {}), path)

    def test_catch_all_routes_are_refused(self):
        for key in ["$default", "ANY /files", "GET /files/{rest+}"]:
            with self.assertRaises(ValueError):
                Route.declared(key, "integrations/1")


class Cors(unittest.TestCase):
    def test_a_preflight_is_answered_by_the_rules(self):
        self.assertEqual(
            api().preflight("http://page"),
            {
                "access-control-allow-origin": "http://page",
                "access-control-allow-methods": "GET,POST",
                "access-control-allow-headers": "authorization",
                "access-control-max-age": "3600",
            },
        )
        self.assertEqual(api().preflight("http://elsewhere"), {})

    def test_the_rules_replace_the_cors_headers_of_the_function(self):
        said = [("etag", "1"), ("Access-Control-Allow-Origin", "*")]
        self.assertEqual(api().with_cors(said, "http://elsewhere"), [("etag", "1")])
        self.assertEqual(
            api().with_cors(said, "http://page"),
            [("etag", "1"), ("access-control-allow-origin", "http://page"), ("access-control-expose-headers", "etag")],
        )
        self.assertEqual(HttpApi("abc").with_cors(said, "http://page"), said)
