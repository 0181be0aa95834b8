"""Ids, names and secrets of the world, each from (seed, counter): the same seed and calls give the same.

Forms: `vpce-` and `vpce-svc-` with 17 hex digits, DNS names as AWS makes them (known); add-on names such as
``redis-slippery-36442`` and app names such as ``quiet-savannah-12345`` (known from Heroku's examples).
"""

import re
from hashlib import blake2b

ADJECTIVES = (
    "acute", "amber", "animate", "asymmetric", "closed", "colorful", "concave", "contoured", "convex", "corrugated",
    "crystalline", "cubed", "curly", "curved", "cylindrical", "deep", "defined", "dimensional", "encircled", "fitted",
    "flat", "flexible", "globular", "graceful", "horizontal", "infinite", "lively", "metric", "objective", "opaque",
    "parallel", "polished", "pointy", "quiet", "rectangular", "regular", "reticulated", "rigid", "rugged", "shaped",
    "shallow", "silhouetted", "slippery", "solid", "spherical", "sunny", "symmetrical", "tapered", "transparent",
    "triangular", "trapezoidal", "vertical", "warm", "wintry",
)  # fmt: skip
NOUNS = (
    "badlands", "bastion", "bayou", "beach", "brook", "brushlands", "caverns", "chamber", "cliffs", "cove", "dusk",
    "earth", "escarpment", "everglades", "falls", "fjord", "forest", "fortress", "garden", "gorge", "harbor",
    "headland", "hollows", "island", "lake", "meadow", "mesa", "mountain", "ocean", "plains", "plateau", "ravine",
    "reef", "ridge", "river", "savannah", "sea", "shore", "sierra", "spire", "springs", "stream", "taiga", "tor",
    "tundra", "waters", "wave", "wildwood", "woodland",
)  # fmt: skip
COLOURS = (
    "AMBER", "AQUA", "BLACK", "BLUE", "BRONZE", "BROWN", "CERULEAN", "CHARCOAL", "COBALT", "COPPER", "CRIMSON",
    "CYAN", "GOLD", "GRAY", "GREEN", "IVORY", "JADE", "MAROON", "MAUVE", "NAVY", "OLIVE", "ONYX", "ORANGE", "PINK",
    "PUCE", "PURPLE", "RED", "ROSE", "SILVER", "TEAL", "VIOLET", "WHITE", "YELLOW",
)  # fmt: skip

_ALPHANUMERIC = "abcdefghijklmnopqrstuvwxyz0123456789"


class Names:
    """Everything that is named after the `number`-th thing of the world with `seed`."""

    __slots__ = ("_number", "_seed")

    def __init__(self, seed: int, number: int) -> None:
        """`number` is the thing's place in the world's one counter."""
        self._seed = seed
        self._number = number

    def _bytes(self, purpose: str, size: int) -> bytes:
        return blake2b(f"{self._seed}/{self._number}/{purpose}".encode(), digest_size=size).digest()

    def _pick(self, purpose: str, options: tuple[str, ...]) -> str:
        return options[int.from_bytes(self._bytes(purpose, 8), "big") % len(options)]

    def _letters(self, purpose: str, length: int) -> str:
        return "".join(_ALPHANUMERIC[byte % 36] for byte in self._bytes(purpose, length))

    def _digits(self, purpose: str) -> int:
        return 10_000 + int.from_bytes(self._bytes(purpose, 8), "big") % 90_000

    def uuid(self) -> str:
        """The thing's UUID (version 4 in form)."""
        digits = self._bytes("uuid", 16).hex()
        variant = "89ab"[int(digits[16], 16) % 4]
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"

    def addon_name(self, prefix: str, attempt: int = 0) -> str:
        """``redis-slippery-36442``; another `attempt` gives another name."""
        adjective = self._pick(f"adjective{attempt}", ADJECTIVES)
        return f"{prefix}-{adjective}-{self._digits(f'digits{attempt}')}"

    def app_name(self, attempt: int = 0) -> str:
        """``quiet-savannah-12345``, at most 30 characters."""
        adjective, noun = self._pick(f"adjective{attempt}", ADJECTIVES), self._pick(f"noun{attempt}", NOUNS)
        return f"{adjective}-{noun}-{self._digits(f'digits{attempt}')}"[:30]

    def colour(self, attempt: int) -> str:
        """A colour for an attachment; every `attempt` up to their number gives another."""
        first = int.from_bytes(self._bytes("colour", 8), "big")
        colour = COLOURS[(first + attempt) % len(COLOURS)]
        lap = attempt // len(COLOURS)
        return colour if lap == 0 else f"{colour}{lap}"

    def password(self, version: int = 0) -> str:
        """``p`` and 64 hex digits: the form of Redis and Postgres passwords. `version` counts rotations."""
        return "p" + self._bytes(f"password{version}", 32).hex()

    def database_user(self, version: int = 0) -> str:
        """``u`` and 14 letters or digits."""
        return "u" + self._letters(f"user{version}", 14)

    def database_name(self) -> str:
        """``d`` and 14 letters or digits."""
        return "d" + self._letters("database", 14)

    def host(self, part: int, aws_region: str) -> str:
        """The name of the `part`-th machine behind an add-on: ``ec2-3-88-1-2.compute-1.amazonaws.com``."""
        numbers = "-".join(str(1 + byte % 254) for byte in self._bytes(f"host{part}", 3))
        domain = "compute-1" if aws_region == "us-east-1" else f"{aws_region}.compute"
        return f"ec2-3-{numbers}.{domain}.amazonaws.com"

    def public_ips(self, count: int) -> list[str]:
        """The outbound addresses of a space."""
        return [".".join(["3", *(str(1 + byte % 254) for byte in self._bytes(f"nat{i}", 3))]) for i in range(count)]

    def service_id(self) -> str:
        """``vpce-svc-`` and 17 hex digits, the first a 0 as in every id that AWS makes."""
        return f"vpce-svc-0{self._bytes('service', 8).hex()}"

    def endpoint_id(self) -> str:
        """``vpce-`` and 17 hex digits."""
        return f"vpce-0{self._bytes('endpoint', 8).hex()}"

    def network_interface_id(self, subnet_id: str) -> str:
        """``eni-`` and 17 hex digits, for the endpoint's network interface in a subnet."""
        return f"eni-0{self._bytes(f'eni in {subnet_id}', 8).hex()}"

    def number(self, purpose: str, below: int) -> int:
        """A number from 0 to `below` (not included)."""
        return int.from_bytes(self._bytes(purpose, 8), "big") % below

    def dns_suffix(self) -> str:
        """The eight characters that follow the endpoint's id in its DNS names."""
        return self._letters("dns", 8)


SERVICE_NAME = re.compile(r"com\.amazonaws\.vpce\.[a-z0-9-]+\.vpce-svc-[0-9a-f]{17}", re.ASCII)


def service_name(aws_region: str, service_id: str) -> str:
    """``com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0``."""
    return f"com.amazonaws.vpce.{aws_region}.{service_id}"


def endpoint_dns_name(endpoint_id: str, suffix: str, service: str, zone: str | None = None) -> str:
    """The regional DNS name of an endpoint of the service name `service`, or the one of the zone named `zone`."""
    aws_region, service_id = service.split(".")[3:5]
    label = f"{endpoint_id}-{suffix}" + (f"-{zone}" if zone else "")
    return f"{label}.{service_id}.{aws_region}.vpce.amazonaws.com"
