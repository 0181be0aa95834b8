"""Whatever the service answers, on every route and for every error, is what Heroku publishes."""

from collections.abc import Iterator

import httpx
import pytest
from conformance import UNPUBLISHED, Conformance, heroku_routes, route_of
from live import serving
from published import Published, route
from walk import Walk, operations

NEVER = {
    ("addon_config.update", "200"): "only an add-on's partner may do it, and nobody is one",
    ("oauth_session.delete", "204"): "there are keys and no sessions",
    ("pipeline_coupling.info_by_app", "200"): "there are no pipelines",
    ("pipeline_coupling.info_by_app", "304"): "the same",
    ("rate_limit.info", "429"): "to ask what is left is free",
}
"""What operations document and can't answer here, and why."""


@pytest.fixture(scope="module")
def answers() -> list[httpx.Response]:
    """What a server in a process of its own answers on a walk, and one that answers one request an hour."""
    with serving("--ephemeral") as server, server.client() as client:
        walk = Walk(client)
        walk.go()
    with serving("--ephemeral", "--rate-limit", "1") as server, server.client() as client:
        limited = Walk(client)
        limited.exhaust()
    return walk.answers + limited.answers


def of_operations(answers: list[httpx.Response]) -> Iterator[tuple[str, httpx.Response]]:
    """The answers of operations of Heroku's half, each with the operation's id."""
    known = {each.id for each in operations()}
    for answer in answers:
        found = route_of(answer.request.method, answer.request.url.path)
        if found is not None and found.operation_id in known:
            yield found.operation_id, answer


def test_every_error_has_the_one_shape(answers: list[httpx.Response]) -> None:
    """``{id, message, url?, resource?, app?}`` and nothing more, with every status that is an error."""
    errors = [answer for answer in answers if answer.is_error]
    met = {answer.status_code for answer in errors}
    assert met == {400, 401, 403, 404, 405, 406, 409, 412, 413, 416, 422, 423, 429}
    assert {fault for answer in errors for fault in Conformance(None).faults(answer)} == set()


def test_every_body_is_what_heroku_publishes(answers: list[httpx.Response], published: Published) -> None:
    """On every route and in every state that the walk comes to, in whole and in part, errors included."""
    conformance = Conformance(published)
    assert {fault for answer in answers for fault in conformance.faults(answer)} == set()


def test_every_status_that_is_documented_is_met(answers: list[httpx.Response]) -> None:
    """The walk comes to each success and each refusal of every operation, but for what can't be."""
    documented = {(each.id, status) for each in operations() for status in each.statuses}
    met = {(name, str(answer.status_code)) for name, answer in of_operations(answers)}
    assert documented - met == NEVER.keys()


def test_every_route_is_published(published: Published) -> None:
    """Or stands in the table that says why it is here all the same; and nothing else stands there."""
    assert heroku_routes() - published.routes() == UNPUBLISHED.keys()


def test_no_route_is_held_to_nothing(answers: list[httpx.Response], published: Published) -> None:
    """Each that is published refuses null in the place of its document, or of the things in its list."""
    conformance = Conformance(published)
    held = {each.id for each in operations() if route(each.method, each.path) not in UNPUBLISHED}
    tried = set()
    for name, answer in of_operations(answers):
        if answer.is_success and answer.content and name in held:
            tried.add(name)
            other = [None] if isinstance(answer.json(), list) else None
            assert conformance.faults(httpx.Response(answer.status_code, json=other, request=answer.request)), name
    assert tried == held - {name for name, status in NEVER if status == "200"}
