"""Security groups: whom EC2 lets in, and whom not."""

from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from kagemusha.domain.security_groups import Rule, admits

MODERATE = settings(max_examples=200, deadline=None)
PORT, ADDRESS, GROUP, OTHER = 6379, "10.0.1.20", "sg-0123456789abcdef0", "sg-0fedcba9876543210"
FROM = {"cidrs": ("10.0.1.0/24",)}
PORTS = st.integers(1, 65_535)
ADDRESSES = st.ip_addresses(v=4).map(str) | st.ip_addresses(v=6).map(str)
BLOCKS = st.builds(lambda address, length: f"{address}/{length}", st.ip_addresses(v=4), st.integers(0, 32)) | st.builds(
    lambda address, length: f"{address}/{length}", st.ip_addresses(v=6), st.integers(0, 128)
)
GROUPS = st.sampled_from([GROUP, OTHER, "sg-0"])
RULES = st.builds(
    Rule,
    st.sampled_from(["-1", "tcp", "6", "udp", "17", "icmp", "58"]),
    st.none() | st.integers(-1, 65_535),
    st.none() | st.integers(-1, 65_535),
    st.lists(BLOCKS, max_size=3).map(tuple),
    st.lists(GROUPS, max_size=2).map(tuple),
)


@pytest.mark.parametrize(
    ("rule", "is_in"),
    [
        (Rule("tcp", PORT, PORT, **FROM), True),
        (Rule("TCP", PORT, PORT, **FROM), True),
        (Rule("6", PORT, PORT, **FROM), True),
        (Rule("-1", **FROM), True),
        (Rule("-1", 22, 22, **FROM), True),
        (Rule("-1", -1, -1, **FROM), True),
        (Rule("tcp", 0, 65_535, **FROM), True),
        (Rule("tcp", PORT, 65_535, **FROM), True),
        (Rule("tcp", 0, PORT, **FROM), True),
        (Rule("tcp", PORT + 1, 65_535, **FROM), False),
        (Rule("tcp", 0, PORT - 1, **FROM), False),
        (Rule("tcp", 5432, 5432, **FROM), False),
        (Rule("tcp", PORT, 0, **FROM), False),
        (Rule("tcp", **FROM), False),
        (Rule("tcp", PORT, None, **FROM), False),
        (Rule("udp", PORT, PORT, **FROM), False),
        (Rule("17", 0, 65_535, **FROM), False),
        (Rule("icmp", -1, -1, **FROM), False),
        (Rule("58", **FROM), False),
        (Rule("tcp", PORT, PORT), False),
        (Rule("-1"), False),
        (Rule("tcp", PORT, PORT, ("0.0.0.0/0",)), True),
        (Rule("tcp", PORT, PORT, ("::/0",)), False),
        (Rule("tcp", PORT, PORT, (f"{ADDRESS}/32",)), True),
        (Rule("tcp", PORT, PORT, ("10.0.1.21/32",)), False),
        (Rule("tcp", PORT, PORT, ("10.0.1.7/24",)), True),
        (Rule("tcp", PORT, PORT, ("10.0.2.0/24", "10.0.0.0/16")), True),
        (Rule("tcp", PORT, PORT, ("10.0.2.0/24", "192.168.0.0/16")), False),
        (Rule("tcp", PORT, PORT, group_ids=(GROUP,)), True),
        (Rule("tcp", PORT, PORT, group_ids=(OTHER, GROUP)), True),
        (Rule("tcp", PORT, PORT, group_ids=(OTHER,)), False),
        (Rule("tcp", 22, 22, group_ids=(GROUP,)), False),
        (Rule("tcp", PORT, PORT, ("192.168.0.0/16",), (GROUP,)), True),
        (Rule("tcp", PORT, PORT, **FROM, group_ids=(OTHER,)), True),
    ],
    ids=str,
)
def test_a_rule_lets_in_what_ec2_would(rule: Rule, is_in: bool) -> None:
    """A connection to 6379 from 10.0.1.20, a member of one group: protocol, port and source are to agree."""
    assert admits([rule], PORT, ADDRESS, [GROUP]) is is_in


def test_without_a_rule_nobody_comes_in() -> None:
    """Security groups only allow: what no rule speaks of stays outside."""
    assert not admits([], PORT, ADDRESS, [GROUP])


def test_ipv6_is_met_by_blocks_of_its_own() -> None:
    """A block of one version says nothing of addresses of the other."""
    assert admits([Rule("tcp", PORT, PORT, ("fd00::/8",))], PORT, "fd00::7")
    assert not admits([Rule("tcp", PORT, PORT, ("0.0.0.0/0",))], PORT, "fd00::7")


def test_what_is_no_address_is_an_error() -> None:
    """Nobody comes from a name."""
    with pytest.raises(ValueError, match="localhost"):
        admits([Rule("-1", cidrs=("0.0.0.0/0",))], PORT, "localhost")


@MODERATE
@given(rules=st.lists(RULES, max_size=4), more=st.lists(RULES, max_size=4), port=PORTS, address=ADDRESSES,
       groups=st.lists(GROUPS, max_size=2))  # fmt: skip
def test_rules_add_up(rules: list[Rule], more: list[Rule], port: int, address: str, groups: list[str]) -> None:
    """What several rules let in is what any of them does, in whatever order: none takes away what another gives."""
    each = [admits([rule], port, address, groups) for rule in (*rules, *more)]
    assert admits([*rules, *more], port, address, groups) is admits([*more, *rules], port, address, groups) is any(each)


@MODERATE
@given(rule=RULES, port=PORTS, address=ADDRESSES, groups=st.lists(GROUPS, max_size=2))
@example(rule=Rule("-1", 22, 22, ("10.0.0.0/8",)), port=PORT, address=ADDRESS, groups=[])
def test_a_rule_is_read_as_ec2_describes_it(rule: Rule, port: int, address: str, groups: list[str]) -> None:
    """By numbers: the protocol is all or TCP, the port within, and the address shares the block's first bits."""

    def bits(value: Any, length: int) -> str:
        return f"{int(value):0{value.max_prefixlen}b}"[:length]

    is_for = rule.protocol == "-1" or (
        rule.protocol in {"tcp", "6"}
        and None not in {rule.from_port, rule.to_port}
        and port in range(rule.from_port or 0, (rule.to_port or 0) + 1)
    )
    source = ip_address(address)
    blocks = [ip_network(each, strict=False) for each in rule.cidrs]
    is_from = any(
        block.version == source.version
        and bits(source, block.prefixlen) == bits(block.network_address, block.prefixlen)
        for block in blocks
    ) or bool(set(groups) & set(rule.group_ids))
    assert admits([rule], port, address, groups) is (is_for and is_from)
