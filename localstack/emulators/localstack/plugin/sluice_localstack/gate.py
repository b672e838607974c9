"""Decides which requests may reach an emulator of AWS, which runs code for whoever may call it.

Web pages can send requests to this machine too, and read the answers if their own name resolves to it. So a
request must be addressed to this machine, must not come from a page that is not allowed, and must name an
access key of this run. The launcher's proxy, which serves the API to everybody, need only do the first.

Keys are compared, not signatures: the emulators check those as far as they can.
"""

import dataclasses
import re
from urllib.parse import parse_qsl

# The proxy sends the administrator's access key in this header. Functions do not see it.
PROXY_HEADER = "x-sluice-proxy"
HEALTH_PATHS = ("/_ministack/health", "/_localstack/health")

LOCAL_HOST = re.compile(r"(127\.0\.0\.1|\[::1\]|([a-z0-9._-]+\.)?localhost)(:\d+)?", re.IGNORECASE)
SIGNER = re.compile(r"Credential\s*=\s*([^/,\s]*)|^AWS ([^:]*):")


@dataclasses.dataclass(frozen=True)
class Asked:
    """The head of a request."""

    method: str
    path: str
    query: str
    headers: list  # of (name, value)

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name]

    def access_keys(self):
        """Returns every access key that the request names: an emulator may look at any of them."""
        found = [match for value in self.all("authorization") for match in SIGNER.findall(value)]
        keys = [version_4 or version_2 for version_4, version_2 in found]
        for name, value in parse_qsl(self.query, keep_blank_values=True):
            if name.lower() in ("x-amz-credential", "awsaccesskeyid"):
                keys.append(value.split("/")[0])
        return keys


@dataclasses.dataclass(frozen=True)
class Gate:
    """The administrator's access key, the origins of pages that may use presigned URLs, and what tells the
    keys of sessions."""

    access_key: str
    origins: frozenset
    is_session: callable

    def refusal(self, asked):
        """Returns why the request is refused, or None."""
        if misaddressed := refusal_of_address(asked):
            return misaddressed
        if self.access_key in asked.all(PROXY_HEADER):
            return None
        if foreign := self.refusal_of_foreign(asked):
            return foreign
        if asked.method == "OPTIONS" or (asked.method == "GET" and asked.path in HEALTH_PATHS):
            return None
        # Pages use the URLs that functions sign, and never the administrator's key.
        by_page = bool(asked.all("origin") or asked.all("sec-fetch-site"))
        keys = asked.access_keys()
        if not keys or not all(self.is_session(key) or (key == self.access_key and not by_page) for key in keys):
            return "it is not signed with a key of this run"
        return None

    def refusal_of_foreign(self, asked):
        """Returns why a request is refused whoever signed it, or None."""
        if misaddressed := refusal_of_address(asked):
            return misaddressed
        if not self.origins.issuperset(asked.all("origin")):
            return "it comes from a page of another origin"
        return None


def refusal_of_address(asked):
    """Returns why a request is refused that a page may have sent to its own name, or None."""
    if not all(LOCAL_HOST.fullmatch(host) for host in asked.all("host")):
        return "it is addressed to another host"
    return None


def access_denied(reason):
    """Returns the body of the answer to a refused request."""
    return f"<Error><Code>AccessDenied</Code><Message>Refused: {reason}.</Message></Error>".encode()
