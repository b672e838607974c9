import unittest

from sluice_localstack.gate import PROXY_HEADER, Asked, Gate

PAGE = "http://127.0.0.1:8787"
GATE = Gate("AKIAOURS", frozenset([PAGE]), lambda key: key == "ASIASESSION")


def signed(key):
    return "Authorization", f"AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/lambda/aws4_request"


def refusal(*headers, method="POST", path="/", query="", host="127.0.0.1:4566"):
    return GATE.refusal(Asked(method, path, query, [("Host", host), *headers]))


def presigned(key):
    return f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={key}%2F20260101%2Fus-east-1%2Fs3%2Faws4_request"


class Keys(unittest.TestCase):
    def test_a_request_is_signed_by_the_administrator_or_in_a_session(self):
        for key in ("AKIAOURS", "ASIASESSION"):
            self.assertIsNone(refusal(signed(key)), key)
            self.assertIsNone(refusal(method="GET", query=presigned(key)), key)
            self.assertIsNone(refusal(("Authorization", f"AWS {key}:signature")), key)

    def test_every_other_key_is_refused(self):
        for key in ("test", "", "000000000000", "AKIAOTHER"):
            for headers, query in (([signed(key)], ""), ([], presigned(key)), ([], f"AWSAccessKeyId={key}")):
                self.assertIn("not signed with a key", refusal(*headers, query=query), key)
        self.assertIn("not signed", refusal())
        self.assertIn("not signed", refusal(path="/_ministack/reset"))

    def test_a_known_key_does_not_hide_an_unknown_one(self):
        self.assertIn("not signed", refusal(signed("AKIAOURS"), query=presigned("test")))
        self.assertIn("not signed", refusal(signed("AKIAOURS"), signed("test")))
        self.assertIn("not signed", refusal(signed("AKIAOURS"), query="x-amz-credential=test"))

    def test_health_needs_no_key(self):
        self.assertIsNone(refusal(method="GET", path="/_localstack/health"))
        self.assertIsNotNone(refusal(method="POST", path="/_localstack/health"))


class Pages(unittest.TestCase):
    def test_an_allowed_page_uses_urls_that_sessions_signed(self):
        origin = ("Origin", PAGE)
        self.assertIsNone(refusal(origin, method="OPTIONS"))
        self.assertIsNone(refusal(origin, method="PUT", query=presigned("ASIASESSION")))
        self.assertIn("not signed", refusal(origin, signed("AKIAOURS")))

    def test_other_pages_are_refused(self):
        for origin in ("http://elsewhere", "null", "http://127.0.0.1:5000", PAGE + ".elsewhere"):
            for method in ("OPTIONS", "POST", "GET"):
                self.assertIn("another origin", refusal(("Origin", origin), signed("ASIASESSION"), method=method))

    def test_a_page_that_sends_no_origin_has_no_use_for_a_guessed_key(self):
        self.assertIn("not signed", refusal(("Sec-Fetch-Site", "cross-site"), method="GET", query=presigned("AKIAOURS")))

    def test_a_page_whose_name_resolves_to_this_machine_is_refused(self):
        for host in ("elsewhere:4566", "127.0.0.1.elsewhere", "localhost.elsewhere:4566", "10.0.0.1", ""):
            self.assertIn("another host", refusal(signed("AKIAOURS"), host=host), host)
        for host in ("127.0.0.1", "localhost:4566", "LOCALHOST", "[::1]:4566", "bucket.s3.localhost:4566"):
            self.assertIsNone(refusal(signed("AKIAOURS"), host=host), host)

    def test_the_proxy_serves_all_that_are_addressed_to_this_machine(self):
        proxied = (PROXY_HEADER, "AKIAOURS")
        self.assertIn("another host", refusal(proxied, host="elsewhere:4566"))
        self.assertIsNone(refusal(proxied, ("Origin", "http://elsewhere")))
        self.assertIsNotNone(refusal((PROXY_HEADER, "guessed"), ("Origin", "http://elsewhere")))
