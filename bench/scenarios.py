"""The requests that are measured."""

import json
from collections.abc import Iterable, Sequence

from bench.servers import AWS_HEADERS

GET, CREATE = "GET privatelink", "create privatelink"
PAGE = 100
_DISTINCT = 1_000
"""Links that are asked for in turn."""


def request(key: str, method: str, path: str, body: object = None, *headers: str) -> str:
    """A request as it goes over the wire."""
    content = "" if body is None else json.dumps(body)
    lines = [
        f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {key}",
        "Accept: application/vnd.heroku+json; version=3, application/json", *headers,
    ]  # fmt: skip
    if content:
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join(lines) + "\r\n\r\n" + content


def spread(links: int) -> Sequence[int]:
    """Links from all over the world."""
    return [number * links // min(links, _DISTINCT) for number in range(min(links, _DISTINCT))]


def get(key: str, links: Iterable[int]) -> list[str]:
    """The privatelink of each of these."""
    return [request(key, "GET", f"/private-link/v0/databases/redis-{n}") for n in links]


def reads(key: str, links: int) -> dict[str, list[str]]:
    """What changes nothing, by name."""
    ranged = f"Range: id ..; max={PAGE}"
    return {
        GET: get(key, spread(links)),
        "POST resolve": [
            request(key, "POST", "/actions/addons/resolve", {"addon": f"redis-{n}", "app": None}) for n in spread(links)
        ],
        "GET config-vars": [request(key, "GET", f"/apps/app-{n}/config-vars") for n in spread(links)],
        f"page of {PAGE} add-ons": [request(key, "GET", "/addons", None, ranged)],
    }


def creates(key: str, first: int, count: int) -> list[str]:
    """A privatelink for each of `count` add-ons from `first` on."""
    body = {"allowed_accounts": ["123456789101"]}
    return [request(key, "POST", f"/private-link/v0/databases/redis-{n}", body) for n in range(first, first + count)]


def describe(endpoint: str) -> list[str]:
    """DescribeVpcEndpoints of one endpoint, as AWS's clients ask."""
    content = f"Action=DescribeVpcEndpoints&Version=2016-11-15&VpcEndpointId.1={endpoint}"
    headers = {"Host": "127.0.0.1", "Content-Length": str(len(content)), **AWS_HEADERS}
    return ["\r\n".join(["POST / HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", content])]
