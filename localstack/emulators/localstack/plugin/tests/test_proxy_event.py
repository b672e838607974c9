import unittest

from sluice_localstack.proxy_event import HttpRequest, answer_of, event_of


def request(**changes):
    parts = {
        "method": "POST",
        "path": "/files/a%20b",
        "query": "sha256=1&sha256=2&empty=",
        "headers": [("Host", "api"), ("Content-Type", "application/json"), ("X-A", "1"), ("X-A", "2")],
        "body": b'{"a":1}',
        "source_address": "127.0.0.1",
    }
    return HttpRequest(**{**parts, **changes})


def event(**changes):
    return event_of(request(**changes), "abc", "000000000000", "id", "POST /files/{file_id}", {"file_id": "a%20b"})


class Events(unittest.TestCase):
    def test_a_request_becomes_an_event_of_format_2(self):
        made = event()
        self.assertEqual(made["version"], "2.0")
        self.assertEqual((made["rawPath"], made["rawQueryString"]), ("/files/a%20b", "sha256=1&sha256=2&empty="))
        self.assertEqual(made["queryStringParameters"], {"sha256": "1,2", "empty": ""})
        self.assertEqual(made["pathParameters"], {"file_id": "a%20b"})
        self.assertEqual(made["headers"], {"host": "api", "content-type": "application/json", "x-a": "1,2"})
        self.assertEqual((made["body"], made["isBase64Encoded"]), ('{"a":1}', False))
        context = made["requestContext"]
        self.assertEqual((context["requestId"], context["routeKey"]), ("id", "POST /files/{file_id}"))
        self.assertEqual(context["http"]["method"], "POST")

    def test_cookies_are_a_list_and_no_header(self):
        made = event(headers=[("Cookie", "session=1; other=2")])
        self.assertEqual(made["cookies"], ["session=1", "other=2"])
        self.assertEqual(made["headers"], {})

    def test_a_body_that_is_not_text_is_base64(self):
        form = [("Content-Type", "application/x-www-form-urlencoded")]
        for changes in ({"headers": form, "body": b"\xff"}, {"headers": [], "body": b"\xff"}, {"body": b"\xff"}):
            made = event(**changes)
            self.assertEqual((made["body"], made["isBase64Encoded"]), ("/w==", True))
        self.assertNotIn("body", event(body=b""))


class Answers(unittest.TestCase):
    def test_status_headers_cookies_and_body(self):
        payload = b'{"statusCode":302,"headers":{"Location":"/x"},"cookies":["a=1","b=2"],"body":"text"}'
        headers = [("location", "/x"), ("set-cookie", "a=1"), ("set-cookie", "b=2")]
        self.assertEqual(answer_of(payload), (302, headers, b"text"))

    def test_base64_is_decoded_and_no_body_is_empty(self):
        self.assertEqual(answer_of(b'{"statusCode":200,"body":"/w==","isBase64Encoded":true}'), (200, [], b"\xff"))
        self.assertEqual(answer_of(b'{"statusCode":204}'), (204, [], b""))

    def test_a_payload_that_is_not_an_answer_is_the_body_of_one(self):
        self.assertEqual(answer_of(b'{"a":1}'), (200, [("content-type", "application/json")], b'{"a":1}'))
        with self.assertRaises(ValueError):
            answer_of(b"no JSON")
