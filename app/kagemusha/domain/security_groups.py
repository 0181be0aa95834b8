"""Security groups: which connections their rules let in, as EC2 decides it. Stateful, and allowing only (known)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address, ip_network

EVERYTHING = "-1"
"""The protocol of a rule for all protocols, on all ports whatever else it says (known)."""
_TCP = frozenset({"tcp", "6"})


@dataclass(frozen=True, slots=True)
class Rule:
    """An ingress rule: a protocol, the first and the last of its ports, and from where.

    `cidrs` are IPv4 and IPv6 blocks, `group_ids` security groups whose members may come in. Of prefix lists, which are
    AWS's own or not simulated, nothing is kept.
    """

    protocol: str
    from_port: int | None = None
    to_port: int | None = None
    cidrs: tuple[str, ...] = ()
    group_ids: tuple[str, ...] = ()


def admits(rules: Iterable[Rule], port: int, address: str, group_ids: Collection[str] = ()) -> bool:
    """Whether one of `rules` lets a TCP connection to `port` in, from `address`, whose interface has `group_ids`.

    Raises ValueError for what is no address.
    """
    source = ip_address(address)
    return any(_is_for(rule, port) and _is_from(rule, source, group_ids) for rule in rules)


def admits_all_of(rules: Iterable[Rule], port: int, block: str) -> bool:
    """Whether one of `rules` lets TCP connections to `port` in from every address of the IPv4 CIDR `block`."""
    network = IPv4Network(block)
    blocks = (ip_network(each, strict=False) for rule in rules if _is_for(rule, port) for each in rule.cidrs)
    return any(isinstance(each, IPv4Network) and network.subnet_of(each) for each in blocks)


def _is_for(rule: Rule, port: int) -> bool:
    if rule.protocol == EVERYTHING:
        return True
    if rule.protocol.lower() not in _TCP or rule.from_port is None or rule.to_port is None:
        return False
    return rule.from_port <= port <= rule.to_port


def _is_from(rule: Rule, source: IPv4Address | IPv6Address, group_ids: Collection[str]) -> bool:
    # An emulator may keep a block as it was sent, with bits behind the prefix, which AWS drops (known).
    blocks = (ip_network(each, strict=False) for each in rule.cidrs)
    return any(source in block for block in blocks) or not set(rule.group_ids).isdisjoint(group_ids)
