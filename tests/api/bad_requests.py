"""What nobody should send: each bad request, with the status and the error id that it gets.

They are sent to the sandbox `one` of `furnished`. ``<endpoint>`` stands for an id of its, ``<their_endpoint>`` for one
of the sandbox beside it.
"""

import gzip
from collections.abc import Mapping
from typing import Any, NamedTuple

from driver import PRINCIPAL

LINK, ACCOUNTS = "/private-link/v0/databases/linked", "/private-link/v0/databases/linked/allowed_accounts"
BARE = "/private-link/v0/databases/bare"
REDIS, ADDONS, ONE = "/redis/v0/databases/linked", "/apps/ferry/addons", "/_sim/sandboxes/one"
VARS, BUILDPACKS, ATTACHMENTS = "/apps/ferry/config-vars", "/apps/ferry/buildpack-installations", "/addon-attachments"
RESOLVE, CREDENTIAL = "/actions/addons/resolve", "/postgres/v0/databases/advanced/credentials/x"
INVALID, NOT_FOUND, CONFLICT = (422, "invalid_params"), (404, "not_found"), (409, "conflict")
UNREADABLE, UNAUTHORIZED, NOT_ACCEPTABLE = (400, "bad_request"), (401, "unauthorized"), (406, "not_acceptable")
FORBIDDEN, NOT_ALLOWED, CHANGED = (403, "forbidden"), (405, "method_not_allowed"), (412, "precondition_failed")
TOO_LARGE, NO_RANGE = (413, "content_too_large"), (416, "requested_range_not_satisfiable")
CONFIRM, NO_ENDPOINT = (423, "confirmation_required"), (404, "InvalidVpcEndpointId.NotFound")
APP, SPACE, TEAM, ADDON, ATTACHMENT, SANDBOX = (
    f'"resource":"{kind}"' for kind in ("app", "space", "team", "add_on", "add_on attachment", "sandbox")
)
"""What an answer says that can't find one."""
KIND = "application/json"


class Bad(NamedTuple):
    """A bad request: what is wrong with it, what is sent, and what is answered.

    `body` is sent as it is if it is bytes, as JSON otherwise, None not at all. `headers` are sent beside the usual
    ones; None takes one away. `says` is in the text of the answer.
    """

    wrong: str
    method: str
    path: str
    answer: tuple[int, str]
    body: Any = None
    headers: Mapping[str, str | None] = {}
    says: str = ""

    def __str__(self) -> str:
        """The name of its test."""
        return "".join(each if each.isascii() and each.isprintable() else "?" for each in self.wrong)


CREDENTIALS = (
    Bad("no credentials", "GET", "/account", UNAUTHORIZED, headers={"Authorization": None}, says="Bearer"),
    Bad("no credentials on a write", "POST", "/apps", UNAUTHORIZED, {"name": 7}, {"Authorization": None}),
    Bad("no credentials on the Data API", "DELETE", LINK, UNAUTHORIZED, headers={"Authorization": None}),
    *(
        Bad(f"{wrong} on {path}", "GET", path, UNAUTHORIZED, headers={"Authorization": value})
        for wrong, value in (
            ("an empty token", "Bearer "), ("an empty Basic", "Basic Og=="), ("another scheme", "Digest x"),
            ("a key without a scheme", "<key>"), ("a key that was never issued", "Bearer HRKU-KGM-0"),
            ("another's key and more", "Bearer <their_key>x"), ("SQL in a key", "Bearer HRKU-KGM-' OR 1=1 --"),
            ("a long key", "Bearer HRKU-KGM-" + "x" * 60_000), ("a key that is not ASCII", "Bearer HRKU-KGM-\xff"),
            ("broken base64", "Basic YQ"), ("padding alone", "Basic ===="), ("no base64 at all", "Basic \xe9"),
            ("base64 of no UTF-8", "Basic Ov/+"), ("base64 of a NUL", "Basic eDpIUktVLUtHTS0A"),
        )
        for path in ("/account", LINK)
    ),
)  # fmt: skip

CONVENTIONS = (
    *(
        Bad(f"Accept {accept[:50]!r}", "POST", "/apps", NOT_ACCEPTABLE, {"name": "other"}, {"Accept": accept}, "Set `A")
        for accept in (
            "", "*/*", "application/json", "application/vnd.heroku+json", "application/vnd.heroku+json; version=2",
            "application/vnd.heroku+json; version=30", "application/vnd.heroku+json; version=35.sdk",
            "application/vnd.heroku+json; version=edge", ";,;,;,", "application/vnd.heroku+json; version=3.",
            'application/vnd.heroku+json; version="3', "application/vnd.heroku+json, version=3",
            "text/vnd.heroku+json; version=3", "application/vnd.heroku+json; aversion=3", "," * 30_000,
            "application/vnd.heroku+json" + ";" * 30_000,
        )
    ),
    *(
        Bad(f"Range {value} of {path}", "GET", path, NO_RANGE, headers={"Range": value}, says=says)
        for path, value, says in (
            ("/apps", "created_at ..; max=1", "id or name"), ("/apps", "version ..", "id or name"),
            ("/apps/ferry/releases", "name ..", "version or id"), ("/apps/ferry/releases", "version a..", "numbers"),
            ("/apps/ferry/releases", "version ..-1", "numbers"), ("/addon-attachments", "name ..", "id"),
            ("/apps/ferry/releases", f"version {'9' * 20}..", "numbers"),
        )
    ),
    Bad("an ETag of another state", "PATCH", "/apps/ferry", CHANGED, {"name": "other"}, {"If-Match": '"x"'}),
    Bad("an ETag of another state on a delete", "DELETE", "/apps/tern", CHANGED, headers={"If-Match": 'W/"0"'}),
    Bad("a method that is not answered", "PUT", "/apps", NOT_ALLOWED, says="GET or HEAD"),
    Bad("a method that nobody knows", "BREW", "/apps", NOT_ALLOWED),
    Bad("a read of an action", "GET", RESOLVE, NOT_ALLOWED),
    Bad("a read of what is only written", "GET", ACCOUNTS, NOT_ALLOWED),
    Bad("a path that is not simulated", "GET", "/apps/ferry/domains", NOT_FOUND, says="does not simulate"),
    Bad("a path of 50,000 characters", "GET", "/" + "x" * 50_000, NOT_FOUND),
    Bad("a path with a slash too many", "POST", "/apps/", NOT_FOUND, {"name": "other"}),
    Bad("a path without a name", "GET", "/private-link/v0/databases/", NOT_FOUND),
    Bad("a name with a slash in it", "GET", "/apps/a%2Fferry", NOT_FOUND),
    Bad("a path that climbs", "GET", "/apps/..%2f..%2fetc%2fpasswd", NOT_FOUND),
    *(
        Bad(f"{name[:30]} in {path}", "GET", path.format(name), NOT_FOUND)
        for path in ("/apps/{}", "/apps/{}/releases", "/addons/{}", "/spaces/{}/nat", "/private-link/v0/databases/{}")
        for name in ("%00", "a%00b", "%ED%A0%80", "%FF", "%F0%9F%92%A5", "%27%3B--", "a%20b", "%0A", "x" * 9_000,
                     "a%0d%0aSet-Cookie:%20x")
    ),
)  # fmt: skip

_LONG = "x" * 100_000
BODIES = (
    *(
        Bad(f"no JSON: {body[:20]!r} of {len(body)}", *place, UNREADABLE, body)
        for place, bodies in (
            (("POST", "/apps"), (b"{", b'{"a":}', b"{'a': 1}", b'{"name": "x"} trailing', b'{"a": 0x10}', b"\x00")),
            (("POST", "/apps"), (b'{"name": "a\x01b"}', b'{"name": ' + b"9" * 5_000 + b"}")),
            (("POST", BARE), (b"[" * 100_000, b'{"allowed_accounts":' * 50_000, b'{"allowed_accounts": ["2109876543')),
            (("PATCH", f"{ONE}/clock"), (b"\xff\xfe\xfd", b'{"mode": "\xff"}', b'{"mode": "manual"')),
        )
        for body in bodies
    ),
    Bad("100,000 lists in lists", "POST", BARE, UNREADABLE, b"[" * 100_000 + b"]" * 100_000, says="not nested deeply"),
    Bad("900 lists in a list", "POST", BARE, INVALID, b'{"allowed_accounts": ' + b"[" * 900 + b"]" * 900 + b"}"),
    Bad("900 objects in a value", "PATCH", VARS, INVALID, b'{"A":' * 900 + b"1" + b"}" * 900),
    Bad("a compressed body", "POST", "/apps", UNREADABLE, gzip.compress(b"{}"), {"Content-Encoding": "gzip"}),
    Bad("a body in the query", "POST", f"{ONE}/clock/advance?seconds=1", INVALID, says="no body"),
    Bad("a body in Latin-1", "POST", "/apps", UNREADABLE, '{"name": "é"}'.encode("latin-1")),
    Bad("not a number", "POST", "/apps", INVALID, b'{"name": NaN}'),
    Bad("infinity", "POST", f"{ONE}/clock/advance", INVALID, b'{"seconds": -Infinity}'),
    Bad("a pace that is no number", "PATCH", f"{ONE}/clock", INVALID, b'{"pace": NaN}'),
    Bad("a number beyond infinity", "PATCH", f"{ONE}/clock", INVALID, b'{"pace": 1e999}'),
    Bad("a string for a body", "POST", "/apps", INVALID, "text", says="must be a JSON object"),
    Bad("a number for a body", "POST", "/spaces", INVALID, 17),
    Bad("a list for a body", "PATCH", VARS, INVALID, []),
    Bad("a form for a body", "PATCH", VARS, INVALID, "A=x"),
    Bad("false for a body", "POST", LINK, INVALID, body=False),
    Bad("null for a body", "POST", ADDONS, INVALID, b"null"),
    Bad("no body for a clock", "POST", f"{ONE}/clock/advance", INVALID, says="a JSON object of seconds, to, until."),
    Bad("no body for a link", "POST", BARE, INVALID, says="a JSON object of allowed_accounts."),
    Bad("no body for config vars", "PATCH", VARS, INVALID, says="a JSON object."),
    *(
        Bad(f"Content-Type {kind!r}", "POST", "/apps", INVALID, {"name": "other"}, {"Content-Type": kind}, KIND)
        for kind in (None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
                     ";;", "json")
    ),
    Bad("a body of more than a megabyte", "POST", "/apps", TOO_LARGE, b'"' + b"x" * 2**20 + b'"'),
    Bad("a large body for the Data API", "PUT", ACCOUNTS, TOO_LARGE, b" " * (2**20 + 1)),
    Bad("a large body for the control API", "POST", "/_sim/sandboxes", TOO_LARGE, b" " * (2**20 + 1)),
    Bad("a large body for nobody", "POST", "/nothing", TOO_LARGE, b" " * (2**20 + 1)),
    *(
        Bad(f"100,000 characters for {path}: {answer}", "POST", path, answer, body)
        for path, answer, body in (
            ("/apps", INVALID, {"name": _LONG}), ("/apps", NOT_FOUND, {"stack": _LONG}),
            (ADDONS, INVALID, {"plan": _LONG}), ("/_sim/sandboxes", INVALID, {"delays": {_LONG: 1}}),
            (f"{ONE}/clock/advance", INVALID, {_LONG: 1}),
            (f"{ONE}/endpoints", (400, "InvalidServiceName"), {"service_name": _LONG}),
        )
    ),
    Bad("a NUL in a name", "POST", "/apps", INVALID, {"name": "a\0b"}, says="NUL"),
    Bad("a NUL in a value", "PATCH", VARS, INVALID, {"B": "x\0"}),
    Bad("a NUL in a key", "PATCH", VARS, INVALID, {"B\0": "x"}),
    Bad("a lone surrogate", "POST", "/spaces", INVALID, {"name": "\ud800", "team": "kagemusha"}),
)  # fmt: skip

APPS = (
    *(
        Bad(f"an app named {name[:31]!r}", "POST", "/apps", INVALID, {"name": name}, says='"message":"Name ')
        for name in ("", "ab", "a" * 31, "1abc", "abc-", "Abc", "a_b", "ab\n", "è" * 5, "'; DROP TABLE apps; --")
    ),
    Bad("a name that is a number", "POST", "/apps", INVALID, {"name": 7}, says="name: "),
    Bad("a name that is taken", "POST", "/apps", INVALID, {"name": "ferry"}, says="Name ferry is already taken"),
    Bad("a region that there isn't", "POST", "/apps", NOT_FOUND, {"region": "atlantis"}, says='"resource":"region"'),
    Bad("an empty region", "POST", "/apps", NOT_FOUND, {"region": ""}, says='"resource":"region"'),
    Bad("a region for spaces alone", "POST", "/apps", INVALID, {"region": "virginia"}),
    Bad("a stack that there isn't", "POST", "/apps", NOT_FOUND, {"stack": "cedar-10"}, says='"resource":"stack"'),
    Bad("a space that there isn't", "POST", "/teams/apps", NOT_FOUND, {"space": "nowhere"}, says=SPACE),
    Bad("an empty space", "POST", "/teams/apps", NOT_FOUND, {"space": ""}, says=SPACE),
    Bad("another sandbox's space", "POST", "/teams/apps", NOT_FOUND, {"space": "<their_space>"}),
    Bad("a space that is a number", "POST", "/teams/apps", INVALID, {"space": 7}),
    Bad("a space that is an empty object", "POST", "/teams/apps", INVALID, {"space": {}}),
    Bad("a space that is being made", "POST", "/teams/apps", INVALID, {"space": "young"}, says="allocating"),
    Bad("a space that is going", "POST", "/teams/apps", INVALID, {"space": "going"}, says="deleting"),
    Bad("a region that is not the space's", "POST", "/teams/apps", INVALID, {"space": "harbor", "region": "us"}),
    Bad("a team that there isn't", "POST", "/teams/apps", NOT_FOUND, {"team": "nobody"}, says=TEAM),
    Bad("a flag that is a word", "POST", "/teams/apps", INVALID, {"locked": "no"}),
    Bad("a change that is half possible", "PATCH", "/apps/ferry", NOT_FOUND, {"name": "other", "build_stack": "none"}),
    Bad("a change to a bad name", "PATCH", "/apps/ferry", INVALID, {"maintenance": True, "name": "-"}),
    Bad("a change to a taken name", "PATCH", "/apps/ferry", INVALID, {"name": "tern"}),
    Bad("maintenance that is a word", "PATCH", "/apps/ferry", INVALID, {"maintenance": "yes"}),
    Bad("maintenance that is 2", "PATCH", "/apps/ferry", INVALID, {"maintenance": 2}),
    Bad("an owner that there isn't", "PATCH", "/teams/apps/ferry", NOT_FOUND, {"locked": True, "owner": "nobody"}),
    Bad("an owner that can't be", "PATCH", "/teams/apps/ferry", INVALID, {"owner": "~"}, says="Private Space"),
    Bad("a buildpack without a name", "PUT", BUILDPACKS, INVALID, {"updates": [{"buildpack": ""}]}),
    Bad("101 buildpacks", "PUT", BUILDPACKS, INVALID, {"updates": [{"buildpack": "x"}] * 101}),
    Bad("another sandbox's app", "GET", "/apps/<their_app>", NOT_FOUND, says=APP),
    Bad("another sandbox's app by name", "GET", "/apps/barge/config-vars", NOT_FOUND, says=APP),
    Bad("a change of another sandbox's app", "PATCH", "/apps/<their_app>", NOT_FOUND, {"name": "other"}),
    Bad("an end of another sandbox's app", "DELETE", "/apps/<their_app>", NOT_FOUND),
    Bad("an app that there isn't", "DELETE", "/apps/none", NOT_FOUND, says=APP),
    Bad("a release that there isn't", "GET", "/apps/ferry/releases/99", NOT_FOUND, says='"resource":"release"'),
    *(
        Bad(f"a config var named {name[:20]!r}", "PATCH", VARS, INVALID, {name: "x", "B": "y"})
        for name in ("A B", "", "A-B", "É", "A\n", "A" * 70_000, "A'; DROP TABLE config_vars; --")
    ),
    *(
        Bad(f"a config var that is {str(value)[:20]}", "PATCH", VARS, INVALID, {"A": value, "B": "y"})
        for value in (1, True, ["x"], {"x": "y"}, "x" * 70_000)
    ),
    Bad("an add-on's config var", "PATCH", VARS, INVALID, {"B": "y", "REDIS_URL": "x"}, says="REDIS_URL"),
    Bad("an add-on's config var taken away", "PATCH", VARS, INVALID, {"A": None, "REDIS_URL": None}),
)  # fmt: skip

SPACES = (
    *(
        Bad(f"a space named {name!r}", "POST", "/spaces", INVALID, {"name": name, "team": "kagemusha"})
        for name in ("", "ab", "a" * 31, "Harbor", "a--b", "-ab", "ab-", "a_b", "a.b", "äbc", "a b", "abc\n", "harbor",
                     7, None)
    ),
    Bad("a space without a team", "POST", "/spaces", INVALID, {"name": "other"}, says="team: Field required"),
    Bad("a space of nobody's", "POST", "/spaces", NOT_FOUND, {"name": "other", "team": "x"}, says=TEAM),
    *(
        Bad(f"a space with {str(more)[:40]}", "POST", "/spaces", answer, {"name": "other", "team": "kagemusha"} | more)
        for answer, more in (
            (NOT_FOUND, {"region": "atlantis"}), (NOT_FOUND, {"region": ""}), (INVALID, {"region": "us"}),
            (INVALID, {"region": ["dublin"]}), (INVALID, {"cidr": "10.0.0.0/8"}), (INVALID, {"cidr": "11.0.0.0/16"}),
            (INVALID, {"cidr": "10.300.0.0/16"}), (INVALID, {"cidr": "10.0.0.0/016"}),
            (INVALID, {"cidr": "10." + "a" * 200_000}), (INVALID, {"cidr": 10}),
            (INVALID, {"data_cidr": "10.1.0.0/24"}), (INVALID, {"data_cidr": "10.1.0.0/0016"}),
            (INVALID, {"data_cidr": "10.1.0.0/15"}),
            (INVALID, {"data_cidr": "8.8.0.0/16"}), (INVALID, {"data_cidr": "127.0.0.0/16"}),
            (INVALID, {"data_cidr": "0.0.0.0/16"}), (INVALID, {"data_cidr": "169.254.0.0/16"}),
            (INVALID, {"data_cidr": ""}), (INVALID, {"shield": "yes"}), (INVALID, {"shield": 1}),
        )
    ),
    Bad("an end of a space with apps", "DELETE", "/spaces/harbor", INVALID, says="still has apps"),
    Bad("an end of a space that is going", "DELETE", "/spaces/going", CONFLICT),
    Bad("another name for a space that is going", "PATCH", "/spaces/going", CONFLICT, {"name": "other"}),
    Bad("a space's name that is taken", "PATCH", "/spaces/harbor", INVALID, {"name": "haven"}),
    Bad("a space's name that is none", "PATCH", "/spaces/harbor", INVALID, {"name": "Haven!"}),
    Bad("another sandbox's space to look at", "GET", "/spaces/<their_space>/nat", NOT_FOUND, says=SPACE),
    Bad("an end of another sandbox's space", "DELETE", "/spaces/pier", NOT_FOUND),
)  # fmt: skip

_REDIS, _ATTACH = {"plan": "heroku-redis"}, {"addon": "linked", "app": "ferry"}
ADDON_REQUESTS = (
    *(
        Bad(f"an add-on of {str(body)[:60]}", "POST", ADDONS, INVALID, body, says=says)
        for body, says in (
            ({}, "plan: Field required"), ({"plan": None}, "plan: give a name or an id"),
            ({"plan": {}}, "plan: give a name or an id"), ({"plan": ""}, "Couldn't find either"),
            ({"plan": "heroku-redis:gigantic-1"}, "gigantic"), ({"plan": "heroku-redis:shield-7"}, "Shield Space"),
            ({"plan": "heroku-redis:premium-0"}, "not available in Private Spaces"),
            (_REDIS | {"name": "7up"}, "Name must start with a letter"), (_REDIS | {"name": "a" * 300}, "Name must"),
            (_REDIS | {"name": "a/b"}, "Name must"), (_REDIS | {"name": "linked"}, "Name is already taken"),
            (_REDIS | {"attachment": "REDIS"}, "attachment"), (_REDIS | {"attachment": {"name": "lower"}}, "uppercase"),
            (_REDIS | {"config": []}, "config"), (_REDIS | {"config": {"x": [1]}}, "config.x: give a string, a number"),
            (_REDIS | {"config": {"x": {"y": 1}}}, "config.x: give a string, a number"),
            (_REDIS | {"config": {"x\0": 1}}, "NUL"), (_REDIS | {"confirm": ["ferry"]}, "confirm"),
        )
    ),
    Bad("a private plan outside", "POST", "/apps/tern/addons", INVALID, {"plan": "heroku-redis:private-3"},
        says="Private Space"),
    Bad("a taken attachment", "POST", ADDONS, CONFIRM, _REDIS | {"attachment": {"name": "REDIS"}}, says="overwrite"),
    Bad("another app's confirmation", "POST", ADDONS, CONFIRM, _REDIS | {"attachment": {"name": "REDIS"},
                                                                         "confirm": "tern"}),
    Bad("a user's own variable", "POST", ADDONS, CONFIRM, _REDIS | {"attachment": {"name": "OWN"}}),
    Bad("an add-on for no app", "POST", "/apps/none/addons", NOT_FOUND, _REDIS, says=APP),
    Bad("an add-on for another sandbox's app", "POST", "/apps/<their_app>/addons", NOT_FOUND, _REDIS),
    *(
        Bad(f"a change to plan {plan!r}", "PATCH", f"{ADDONS}/linked", INVALID, {"plan": plan}, says=says)
        for plan, says in (
            ("heroku-kafka:private-standard-0", "heroku-redis"), ("heroku-redis:premium-0", "Private Spaces"),
            ("heroku-redis:shield-9", "Shield Space"), ("heroku-redis:private-1000", "Couldn't find either"),
            ("none", "Couldn't find either"), ("", "Couldn't find either"),
        )
    ),
    Bad("a plan while it provisions", "PATCH", f"{ADDONS}/young", INVALID, {"plan": "heroku-redis:private-9"}),
    Bad("a change to a taken add-on's name", "PATCH", f"{ADDONS}/linked", INVALID, {"name": "bare"}),
    Bad("a change to a bad add-on's name", "PATCH", f"{ADDONS}/linked", INVALID, {"name": "a b"}),
    Bad("a change where it is only attached", "PATCH", "/apps/tern/addons/linked", NOT_FOUND, {"name": "other"}),
    Bad("an end where it is only attached", "DELETE", "/apps/tern/addons/linked", NOT_FOUND, says=ADDON),
    Bad("a config that is its provider's", "PATCH", "/addons/linked/config", FORBIDDEN, {"config": [
        {"name": "A", "value": "b"}]}, says="provider"),
    Bad("a second provisioning", "POST", "/addons/linked/actions/provision", INVALID, says="already"),
    Bad("a deprovisioning that is too late", "POST", "/addons/linked/actions/deprovision", INVALID, says="destroy it"),
    Bad("an add-on that there isn't", "GET", "/addons/none", NOT_FOUND, says=ADDON),
    Bad("another sandbox's add-on", "GET", "/addons/<their_addon>", NOT_FOUND, says=ADDON),
    Bad("an end of another sandbox's add-on", "DELETE", f"{ADDONS}/<their_addon>", NOT_FOUND),
    Bad("a resolution of nothing", "POST", RESOLVE, INVALID, {}, says="addon: Field required"),
    Bad("a resolution of a number", "POST", RESOLVE, INVALID, {"addon": 7}),
    Bad("a resolution of an unknown name", "POST", RESOLVE, NOT_FOUND, {"addon": "none"}, says=ADDON),
    Bad("a resolution within no app", "POST", RESOLVE, NOT_FOUND, {"addon": "linked", "app": "none"}, says=APP),
    Bad("a resolution for another service", "POST", RESOLVE, NOT_FOUND, {"addon": "linked",
                                                                         "addon_service": "heroku-kafka"}),
    Bad("a resolution of another sandbox's", "POST", RESOLVE, NOT_FOUND, {"addon": "<their_addon>"}),
    *(
        Bad(f"an attachment named {name[:20]!r}", "POST", ATTACHMENTS, INVALID, _ATTACH | {"name": name})
        for name in ("REDIS", "cache", "1A", "", "A-B", "A" * 64, "Ä", "A\r\nSet-Cookie: x")
    ),
    *(
        Bad(f"an attachment of {str(more)[:70]}", "POST", ATTACHMENTS, answer, _ATTACH | more, says=says)
        for more, answer, says in (
            ({"addon": "bare", "name": "REDIS"}, CONFIRM, "overwrite"), ({"name": "OWN"}, CONFIRM, "OWN_URL"),
            ({"addon": "bare", "name": "REDIS", "confirm": "ferry"}, INVALID, "last attachment"),
            ({"namespace": "a b"}, INVALID, "namespace"), ({"addon": "none"}, NOT_FOUND, ADDON),
            ({"app": "none"}, NOT_FOUND, APP), ({"addon": "<their_addon>"}, NOT_FOUND, ADDON),
            ({"app": "<their_app>"}, NOT_FOUND, APP), ({"app": None}, INVALID, "app"), ({"addon": 7}, INVALID, "addon"),
        )
    ),
    Bad("the last attachment taken away", "DELETE", "/addon-attachments/<attachment>", INVALID, says="last attachment"),
    Bad("another sandbox's attachment taken away", "DELETE", "/addon-attachments/<their_attachment>", NOT_FOUND),
    Bad("an attachment that there isn't", "GET", "/addon-attachments/ferry::NONE", NOT_FOUND, says=ATTACHMENT),
    *(
        Bad(f"an attachment resolved by {body}", "POST", "/actions/addon-attachments/resolve", answer, body, says=says)
        for body, answer, says in (
            ({"addon_attachment": "NONE"}, NOT_FOUND, ATTACHMENT), ({}, INVALID, "addon_attachment: Field required"),
            ({"addon_attachment": "<their_attachment>"}, NOT_FOUND, ATTACHMENT),
            ({"addon_attachment": "REDIS", "app": "none"}, NOT_FOUND, APP),
        )
    ),
)  # fmt: skip

_OTHER = "210987654321"
_LISTS = (("POST", BARE), ("PUT", ACCOUNTS), ("PATCH", ACCOUNTS))
_TYPICAL = ("*", "12345678901", f"{_OTHER}:role/team/x", f"{_OTHER}:user/*")
_ODD_PRINCIPALS = (
    *_TYPICAL, "", "123", "1234567890123", "12345678910a", "\uff11" * 12, "\u0661" * 12, f"{_OTHER}:",
    f"{_OTHER}:*", f"{_OTHER}:group/x", f"{_OTHER}:user/",
    f"{_OTHER}:user/a b", f"{_OTHER}:user/" + "u" * 65, f"arn:aws:iam::{_OTHER}", f"arn:aws:sts::{_OTHER}:root",
    f"arn:aws-cn:iam::{_OTHER}:root", "arn:aws:iam::*:root", f"arn:aws:iam::{_OTHER}:role/team/x", f"{_OTHER}\n",
    f" {_OTHER}", f"{_OTHER}:root:root", "x" * 100_000, f"{_OTHER}\0", f"{_OTHER}:user/é", f"{_OTHER}'; --",
)  # fmt: skip
PRIVATELINKS = (
    *(
        Bad(f"{method} of {principal[:40]!r}", method, path, INVALID, {"allowed_accounts": ["333333333333", principal]})
        for number, principal in enumerate(_ODD_PRINCIPALS)
        for method, path in (_LISTS if number < len(_TYPICAL) else _LISTS[number % 3 :][:1])
    ),
    *(
        Bad(f"{method} of {body}", method, path, INVALID, body, says="allowed_accounts")
        for body in ({}, {"allowed_accounts": None}, {"allowed_accounts": _OTHER}, {"allowed_accounts": [7]},
                     {"allowed_accounts": [None]}, {"allowed_accounts": {"a": "b"}}, {"allowed_accounts": [[_OTHER]]})
        for method, path in _LISTS
    ),
    Bad("a link for nobody", "POST", BARE, INVALID, {"allowed_accounts": []}, says="at least one"),
    Bad("a second link", "POST", LINK, CONFLICT, {"allowed_accounts": [_OTHER]}, says="already has"),
    *(
        Bad(f"a link of {name}", "POST", f"/private-link/v0/databases/{name}", answer, {"allowed_accounts": [_OTHER]},
            says=says)
        for name, answer, says in (
            ("young", INVALID, "wait"), ("advanced", INVALID, "heroku-postgresql:advanced-8g"),
            ("mini", INVALID, "heroku-redis:mini"), ("leaving", CONFLICT, "already has"), ("none", NOT_FOUND, "add-on"),
            ("<their_addon>", NOT_FOUND, "add-on"), ("theirs", NOT_FOUND, "add-on"),
        )
    ),
    *(
        Bad(f"{method} of {name}'s link{suffix}", method, f"/private-link/v0/databases/{name}{suffix}", answer, body)
        for name, answer in (("bare", NOT_FOUND), ("none", NOT_FOUND), ("<their_addon>", NOT_FOUND),
                             ("leaving", CONFLICT))
        for method, suffix, body in (
            ("GET", "", None), ("DELETE", "", None), ("PUT", "/allowed_accounts", {"allowed_accounts": [_OTHER]}),
            ("PATCH", "/allowed_accounts", {"allowed_accounts": [_OTHER]}),
        )
        if (name, method) != ("leaving", "GET")
    ),
)  # fmt: skip

STORES = (
    *(
        Bad(f"{method} {rest} of {str(body)[:40]}", method, f"{REDIS}/{rest}", INVALID, body)
        for method, rest, bodies in (
            ("PATCH", "config", (
                {"maxmemory_policy": "lru"}, {"maxmemory_policy": ""}, {"maxmemory_policy": "x" * 70_000},
                {"maxmemory_policy": 7}, {"timeout": -1}, {"timeout": 2**31}, {"timeout": "5"}, {"timeout": True},
                {"timeout": 1.5}, {"notify_keyspace_events": "Q"}, {"notify_keyspace_events": "K" * 99},
                {"maxmemory_policy": "volatile-lru", "timeout": -1}, [],
            )),
            ("POST", "upgrade", ({"version": "7.2"}, {"version": "8.0"}, {"version": ""}, {"version": 8.1})),
            ("PUT", "maintenance_window", (
                {}, {"description": "Someday 6:30"}, {"description": "Sunday 24:00"}, {"description": "Sunday 6:15"},
                {"description": ""}, {"description": ["Sunday 6:00"]},
            )),
        )
        for body in bodies
    ),
    *(
        Bad(f"{method} {path} too early", method, f"/redis/v0/databases/young/{path}", INVALID, body, says="wait")
        for method, path, body in (
            ("PATCH", "config", {"timeout": 5}), ("POST", "credentials_rotation", None), ("POST", "maintenance", None),
            ("PUT", "maintenance_window", {"description": "Sunday 6:00"}), ("POST", "upgrade", None),
            ("POST", "stats/reset", None),
        )
    ),
    Bad("a Postgres asked as a Redis", "GET", "/redis/v0/databases/advanced", NOT_FOUND, says="heroku-postgresql"),
    Bad("a Redis asked as a Postgres", "GET", "/client/v11/databases/linked", NOT_FOUND, says="heroku-redis"),
    Bad("a Redis asked as a Kafka", "GET", "/data/kafka/v0/clusters/linked", NOT_FOUND, says="heroku-redis"),
    Bad("another sandbox's Redis", "GET", "/redis/v0/databases/<their_addon>", NOT_FOUND),
    Bad("another sandbox's credentials", "POST", "/redis/v0/databases/<their_addon>/credentials_rotation", NOT_FOUND),
    Bad("another sandbox's settings", "PATCH", "/redis/v0/databases/theirs/config", NOT_FOUND, {"timeout": 5}),
    Bad("another sandbox's maintenances", "GET", "/data/maintenances/v1/apps/<their_app>", NOT_FOUND),
    Bad("a credential that there isn't", "GET", CREDENTIAL, NOT_FOUND, says="`default`"),
    Bad("a rotation of no credential", "POST", f"{CREDENTIAL}/credentials_rotation", NOT_FOUND, says="`default`"),
    Bad("a window that is none", "PUT", "/client/v11/databases/advanced/maintenance_window", INVALID,
        {"description": "x"}),
)  # fmt: skip

SANDBOXES = (
    *(
        Bad(f"a sandbox of {str(body)[:60]}", "POST", "/_sim/sandboxes", INVALID, body)
        for body in (
            {"name": ""}, {"name": "A"}, {"name": "a_b"}, {"name": "-a"}, {"name": "a" * 64}, {"name": "a\0"},
            {"name": 7}, {"seed": -1}, {"seed": 2**63}, {"seed": "7"}, {"seed": 1.5}, {"seed": True},
            {"seed": 10**400}, {"pace": 0}, {"pace": -1}, {"pace": 1e10}, {"pace": 1e-300}, {"pace": "fast"},
            {"pace": True}, {"clock": "frozen"}, {"now": "soon"}, {"now": 0}, {"now": "1700000000"},
            {"now": "2030-01-01T00:00:00"}, {"now": "1969-12-31T23:59:59Z"}, {"now": "0001-01-01T00:00:00+14:00"},
            {"now": "9990-01-02T23:59:59.001Z"}, {"now": "9999-12-31T23:59:59Z"}, {"now": "10000-01-01T00:00:00Z"},
            {"aws_account_id": "12345678901"},
            {"aws_account_id": "\uff11" * 12}, {"aws_account_id": 123456789102}, {"aws_principal": "me"},
            {"aws_principal": "*"}, {"aws_principal": f"{_OTHER}:role/team/x"},
            {"aws_account_id": "444444444444", "aws_principal": "333322221111"}, {"delays": {"space": 1}},
            {"delays": {"space.allocating": -1}}, {"delays": {"space.allocating": [2, 1]}},
            {"delays": {"space.allocating": [1]}}, {"delays": {"space.allocating": "soon"}}, {"delays": []},
            {"delays": {"space.allocating": True}}, {"delays": {"space.allocating": 1e300}}, {"delays": {"\ud800": 1}},
            {"delays": {"space.allocating": None}}, {"delays": {"space.allocating": "P20Y"}},
            {"colour": "red"}, {"\ud800": "red"}, [], "x", 7,
        )
    ),
    *(
        Bad(f"a taken {next(iter(body))}: {body}", "POST", "/_sim/sandboxes", CONFLICT, body)
        for body in ({"name": "one"}, {"name": "default"}, {"aws_account_id": "111122223333"},
                     {"aws_principal": PRINCIPAL}, {"aws_account_id": "<their_account>"})
    ),
    Bad("an end of default", "DELETE", "/_sim/sandboxes/default", CONFLICT, says="reset it instead"),
    *(
        Bad(f"{method} {path} of no sandbox with {body}", method, f"/_sim/sandboxes/none{path}", NOT_FOUND, body,
            says=SANDBOX)
        for method, path, body in (
            ("GET", "", None), ("DELETE", "", None), ("POST", "/reset", None), ("GET", "/clock", None),
            ("PATCH", "/clock", {}), ("POST", "/clock/advance", {"seconds": 1}),
            ("POST", "/clock/advance", {"until": "idle"}), ("GET", "/pending", None), ("GET", "/journal", None),
            ("GET", "/snapshot", None), ("GET", "/endpoints", None), ("POST", "/endpoints", {"service_name": "x"}),
            ("POST", "/endpoints/x/accept", None), ("POST", "/aws-credentials", {"principal": "operator"}),
        )
    ),
    Bad("SQL for a sandbox", "GET", "/_sim/sandboxes/one'%20OR%20'1'='1", NOT_FOUND, says=SANDBOX),
    *(
        Bad(f"{header} {value!r}", "POST", f"{ONE}/reset", FORBIDDEN, headers={header: value}, says="127.0.0.1")
        for header, value in (
            ("Host", "evil.example:99"), ("Host", "127.0.0.1.evil.example"), ("Host", "localhost@evil.example"),
            ("Host", "[::1"), ("Host", "a b"), ("Host", "a/../b?c#d"), ("Host", '"$(id)"'), ("Host", "é"),
            ("Origin", "http://evil.example"), ("Origin", "null"),
        )
    ),
    Bad("another method for a clock", "PUT", f"{ONE}/clock", NOT_ALLOWED, says="PATCH"),
    Bad("an end of all endpoints", "DELETE", f"{ONE}/endpoints", NOT_ALLOWED),
    *(
        Bad(f"an access key for {principal!r}", "POST", f"{ONE}/aws-credentials", INVALID, {"principal": principal})
        for principal in ("", "nobody", "*", f"{_OTHER}:root", "111122223333:role/team/x", 7, None)
    ),
)  # fmt: skip

CLOCKS = (
    *(
        Bad(f"an advance of {str(body)[:60]}", "POST", f"{ONE}/clock/advance", INVALID, body)
        for body in (
            {}, {"seconds": 1, "until": "next"}, {"seconds": -1}, {"seconds": "-PT1S"}, {"seconds": True},
            {"seconds": "1"}, {"seconds": 1e300}, {"seconds": 10**15}, {"seconds": 10**400}, {"seconds": "soon"},
            {"seconds": []}, {"to": "2029-12-31T23:59:59Z"},
            {"to": 4102444800}, {"to": "2040-01-01"}, {"to": ""}, {"to": "9999-12-31T23:59:59Z"}, {"until": "later"},
            {"until": None}, {"minutes": 1}, [], 7,
        )
    ),
    *(
        Bad(f"{path} with a duration of {duration!r}", "POST", path, INVALID, body, says=says)
        for duration in ("PT1H1H", "P1D2D", "PT1S1M", "P1D1Y", "P1DT", "P", "PT", "pt1h", "PT1H ", "P1H", "-P", "P1.D")
        for path, body, says in (
            (f"{ONE}/clock/advance", {"seconds": duration}, "each unit once"),
            ("/_sim/sandboxes", {"delays": {"space.allocating": duration}}, "delays.space.allocating"),
        )
    ),
    *(
        Bad(f"a clock of {body}", "PATCH", f"{ONE}/clock", INVALID, body)
        for body in ({"mode": "fast"}, {"mode": 1}, {"pace": 0}, {"pace": -1}, {"pace": 1e-12}, {"pace": 2e9},
                     {"pace": "fast"}, {"now": "2030-01-01T00:00:00Z"})
    ),
    *(
        Bad(f"a journal of {query[:30]}", "GET", f"{ONE}/journal?{query}", INVALID, says=query.partition("=")[0])
        for query in (
            "limit=0", "limit=-1", "limit=1001", "limit=x", "limit=", "limit=1e3", "limit=" + "9" * 5_000, "limit=1.5",
            "after=-1", "after=x", "after=99999999999999999999", "kind=x", "kind=%00", "kind=%ff", "kind=",
        )
    ),
    Bad("a forecast of nothing", "GET", f"{ONE}/pending?limit=0", INVALID, says="limit"),
    Bad("a forecast of too much", "GET", f"{ONE}/pending?limit=1001", INVALID, says="limit"),
)  # fmt: skip

_ASKED = {"service_name": "<service>", "principal_arn": PRINCIPAL}
ENDPOINTS = (
    *(
        Bad(f"an endpoint of {str(more)[:60]}", "POST", f"{ONE}/endpoints", (400, code), _ASKED | more)
        for more, code in (
            ({"service_name": "com.amazonaws.us-east-1.s3"}, "InvalidServiceName"),
            ({"service_name": "com.amazonaws.vpce.us-east-1.vpce-svc-00000000000000000"}, "InvalidServiceName"),
            ({"service_name": ""}, "InvalidServiceName"), ({"service_name": "'; --"}, "InvalidServiceName"),
            ({"service_name": "<their_service>"}, "InvalidServiceName"),
            ({"principal_arn": "nobody"}, "InvalidParameter"), ({"principal_arn": "*"}, "InvalidParameter"),
            ({"principal_arn": ""}, "InvalidParameter"),
            ({"principal_arn": "333333333333"}, "InvalidServiceName"),
            ({"principal_arn": "123456789101:user/other"}, "InvalidServiceName"),
            ({"principal_arn": None}, "InvalidServiceName"),
            ({"availability_zone_ids": ["euw1-az1"]}, "InvalidParameter"),
            ({"availability_zone_ids": ["use1-az1", ""]}, "InvalidParameter"),
        )
    ),
    *(
        Bad(f"an endpoint with {str(more)[:60]}", "POST", f"{ONE}/endpoints", INVALID, _ASKED | more)
        for more in ({"service_name": None}, {"service_name": 7}, {"availability_zone_ids": "use1-az1"},
                     {"security_group_ids": [7]}, {"vpc_id": "a\0"}, {"subnet_ids": ["subnet-1"]})
    ),
    Bad("an endpoint of nothing", "POST", f"{ONE}/endpoints", INVALID, {}, says="service_name: Field required"),
    *(
        Bad(f"{method} of {name}{verb}", method, f"{ONE}/endpoints/{name}{verb}", NO_ENDPOINT)
        for name in ("vpce-00000000000000000", "<their_endpoint>")
        for method, verb in (("GET", ""), ("DELETE", ""), ("POST", "/accept"), ("POST", "/reject"))
    ),
    Bad("an acceptance that is too late", "POST", f"{ONE}/endpoints/<endpoint>/accept", (409, "InvalidState"),
        says="available"),
)  # fmt: skip

_SOURCE = {"vpc_address": "10.0.1.20"}
SOURCES = (
    *(
        Bad(f"a source at {address[:30]!r}", "PUT", f"{ONE}/sources/{address}", INVALID, _SOURCE, says="127.0.0.0 to")
        for address in (
            "10.0.1.20", "127.0.0", "127.0.0.256", "127.0.0.1.1", "127.0.0.01", "localhost", "%3A%3A1", "127.1",
            "127.0.0.1%20", "127.0.0.1%0A", "x" * 9_000, "%D9%A1%D9%A2%D9%A7.0.0.1",
        )
    ),
    Bad("a source at a NUL", "PUT", f"{ONE}/sources/%00", NOT_FOUND, _SOURCE),
    *(
        Bad(f"a source of {str(body)[:60]}", "PUT", f"{ONE}/sources/127.0.0.2", INVALID, body)
        for body in (
            {}, [], "x", 7, {"vpc_address": None}, {"vpc_address": 7}, {"vpc_address": ""}, {"vpc_address": "10.0.1"},
            {"vpc_address": "10.0.1.0/24"}, {"vpc_address": "fd00::1"}, {"vpc_address": "10.0.1.20\n"},
            {"vpc_address": "\uff11\uff10.0.0.1"}, {"vpc_address": "a\0"}, _SOURCE | {"more": 1},
            {"security_group_ids": ["sg-0123456789abcdef0"]}, _SOURCE | {"security_group_ids": "sg-0123456789abcdef0"},
            _SOURCE | {"security_group_ids": ["web"]}, _SOURCE | {"security_group_ids": [7]},
            _SOURCE | {"security_group_ids": None}, _SOURCE | {"security_group_ids": ["sg-0123456789abcdef0\0"]},
            _SOURCE | {"security_group_ids": [f"sg-{number:017x}" for number in range(17)]},
        )
    ),
    *(
        Bad(f"{method} of the source {address}", method, f"{ONE}/sources/{address}", NOT_FOUND, says=says)
        for method in ("GET", "DELETE")
        for address, says in (("127.0.0.2", "was given no VPC address"), ("10.0.1.20", "source"), ("%FF", "source"))
    ),
    Bad("an end of all sources", "DELETE", f"{ONE}/sources", NOT_ALLOWED),
    Bad("a source that is posted", "POST", f"{ONE}/sources", NOT_ALLOWED, _SOURCE),
    Bad("a source of no sandbox", "PUT", "/_sim/sandboxes/none/sources/127.0.0.2", NOT_FOUND, _SOURCE, says=SANDBOX),
    Bad("a large body for a source", "PUT", f"{ONE}/sources/127.0.0.2", TOO_LARGE, b" " * (2**20 + 1)),
)  # fmt: skip

_CONNECT = {"operation": "redis.connect"}
FAULTS = (
    *(
        Bad(f"a fault of {str(body)[:100]}", "POST", f"{ONE}/faults", INVALID, body, says=says)
        for body, says in (
            (_CONNECT | {"effect": {}}, "give one of"),
            (_CONNECT | {"effect": {"refuse": False}}, "refuse"),
            (_CONNECT | {"effect": {"refuse": True, "cut_after": 1}}, '\\"refuse\\" and \\"cut_after\\"'),
            (_CONNECT | {"effect": {"refuse": True, "latency": 1}}, '\\"refuse\\" and \\"cut_after\\"'),
            (_CONNECT | {"effect": {"refuse": True, "status": 503}}, "status"),
            (_CONNECT | {"effect": {"refuse": None}}, "give one of"),
            (_CONNECT | {"effect": {"cut_after": -1}}, "cut_after"),
            (_CONNECT | {"effect": {"cut_after": "1"}}, "cut_after"),
            (_CONNECT | {"effect": {"cut_after": True}}, "cut_after"),
            (_CONNECT | {"effect": {"cut_after": 1.5}}, "cut_after"),
            (_CONNECT | {"effect": {"cut_after": 2**53}}, "cut_after"),
            (_CONNECT | {"effect": {"cut_after": 1, "latency": 0}}, "latency"),
            (_CONNECT | {"effect": {"latency": 3_601}}, "latency"),
            (_CONNECT | {"effect": {"status": 503}}, "redis.connect has one of"),
            (_CONNECT | {"effect": {"latency": 1, "status": 503}}, "redis.connect has one of"),
            (_CONNECT | {"effect": {"disconnect": True}}, "redis.connect has one of"),
            (_CONNECT | {"effect": {"truncate": True}}, "redis.connect has one of"),
            (_CONNECT | {"effect": {"rate_limit": True}}, "redis.connect has one of"),
            (_CONNECT | {"effect": {"hold": True}}, "has one of the other effects"),
            (_CONNECT | {"effect": {"refuse": True}, "match": {"path": "/"}}, "addon, endpoint, host, source"),
            (_CONNECT | {"effect": {"refuse": True}, "match": {"addon": 7}}, "match.addon"),
            (_CONNECT | {"effect": {"refuse": True}, "times": 0}, "times"),
            ({"operation": "kafka.connect", "effect": {"refuse": True}}, "redis.connect and postgres.connect"),
            ({"operation": "kafka.connect", "effect": {"latency": 1}}, "no operation kafka.connect"),
            ({"operation": "redis.conect", "effect": {"latency": 1}}, "Did you mean redis.connect"),
            ({"operation": "app.info", "effect": {"refuse": True}}, "redis.connect and postgres.connect"),
            ({"operation": "*", "effect": {"cut_after": 0}}, "redis.connect and postgres.connect"),
            ({"operation": "ec2.DescribeVpcs", "effect": {"refuse": True}}, "redis.connect and postgres.connect"),
            ({"stage": "space.allocating", "effect": {"refuse": True}}, "is held, slow or fails"),
            ({"stage": "space.allocating", "effect": {"cut_after": 0}}, "is held, slow or fails"),
        )
    ),
)  # fmt: skip

BAD_REQUESTS = (
    *CREDENTIALS, *CONVENTIONS, *BODIES, *APPS, *SPACES, *ADDON_REQUESTS, *PRIVATELINKS, *STORES, *SANDBOXES, *CLOCKS,
    *ENDPOINTS, *SOURCES, *FAULTS,
)  # fmt: skip
