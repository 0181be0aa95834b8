"""Places: which address and port of this machine a door has."""

import os
import socket
from contextlib import ExitStack, closing

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kagemusha.dataplane import places
from kagemusha.dataplane.places import LOOPBACK, Name, Place, Places

NAME = Name(1, f"vpce-0{os.getpid():016x}-abcdefgh.vpce-svc-0123456789abcdef0.us-east-1.vpce.amazonaws.com", 6379)
"""A name that no other process has."""


@given(st.text(st.characters(codec="ascii", categories=["Ll", "Nd"]), min_size=1))
def test_a_place_follows_from_the_name(host: str) -> None:
    """The first address that is tried depends on nothing else, and is one that a machine can listen at."""
    [first, again] = [next(iter(places._candidates(Name(number, host, 5432)))) for number in (1, 2)]
    octets = [int(each) for each in first.address.split(".")]
    assert first == again
    assert first.port == 5432
    assert octets[0] == 127
    assert octets[1] > 0
    assert 0 < octets[3] < 255


def test_doors_of_one_name_have_places_of_their_own() -> None:
    """Worlds with one seed have the same names, and none has another's place."""
    kept = Places()
    found = {kept.of(NAME._replace(sandbox_id=number)) for number in range(20)}
    assert len(found) == 20
    assert {place.port for place in found} == {6379, *(place.port for place in found if place.address == LOOPBACK)}


def test_a_place_is_kept_until_its_door_is_gone() -> None:
    """It is the same each time, and free for others afterwards."""
    kept = Places()
    place = kept.of(NAME)
    kept.keep(1, [NAME])
    assert kept.of(NAME) == place
    kept.keep(2, [])
    assert kept.known(NAME) == place
    kept.keep(1, [])
    assert kept.known(NAME) is None
    assert kept.of(NAME._replace(sandbox_id=2)) == place


def test_who_takes_a_place_before_it_listens_has_it() -> None:
    """The door then goes elsewhere, and says so."""
    kept = Places()
    before = kept.of(NAME)
    with closing(socket.create_server(before)), closing(kept.listen(NAME)) as listener:
        assert Place(*listener.getsockname()) == kept.of(NAME) != before
    kept.keep(1, [])
    assert kept.of(NAME) == before


@pytest.fixture
def without_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that has no address in 127.0.0.0/8 but the first, as macOS."""
    bound = places._bound
    monkeypatch.setattr(places, "_bound", lambda place: bound(place) if place.address == LOOPBACK else None)


@pytest.mark.usefixtures("without_addresses")
def test_without_addresses_there_are_ports() -> None:
    """Each door then has a port of its own on 127.0.0.1, the same after a restart."""
    with ExitStack() as stack:
        kept = Places()
        names = [NAME._replace(host=f"vpce-{number}-{os.getpid()}") for number in range(5)]
        listeners = [stack.enter_context(closing(kept.listen(each))) for each in names]
        assert {each.getsockname()[0] for each in listeners} == {LOOPBACK}
        assert len({each.getsockname()[1] for each in listeners}) == 5
        told = [kept.of(each) for each in names]
    again = Places()
    assert [again.of(each) for each in names] == told
