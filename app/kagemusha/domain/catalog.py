"""What Heroku sells, as far as it is simulated: regions, availability zones, add-on services and plans.

Evidence and dates for each figure are in docs/FIDELITY.md. The ids of these things are the same in every world.
"""

from functools import lru_cache
from typing import NamedTuple
from uuid import UUID, uuid5

from kagemusha.domain.errors import InvalidParams, NotFound

STACK = "heroku-24"
"""The stack of new apps."""
_NAMESPACE = UUID("6b1f0a52-8a4e-5d0c-9d38-0c6e6d75a001")


@lru_cache(1024)
def catalog_uuid(kind: str, name: str) -> str:
    """The UUID of something that is the same in every world: a region, a plan, a stack."""
    return str(uuid5(_NAMESPACE, f"{kind}:{name}"))


class Region(NamedTuple):
    """A Heroku region. `zones` maps AWS zone ids, which compare across accounts, to this world's zone names."""

    name: str
    description: str
    country: str
    locale: str
    aws_region: str
    private_capable: bool

    @property
    def id(self) -> str:
        """The region's UUID."""
        return catalog_uuid("region", self.name)

    @property
    def zones(self) -> dict[str, str]:
        """Availability zone ids of the region's endpoint services, each with its name: three of them."""
        return ZONES[self.aws_region]


class Plan(NamedTuple):
    """A plan of an add-on service; `name` is without the service (``private-3``), `cents` a month."""

    service: str
    name: str
    human_name: str
    cents: int

    @property
    def id(self) -> str:
        """The plan's UUID."""
        return catalog_uuid("plan", self.full_name)

    @property
    def full_name(self) -> str:
        """``heroku-redis:private-3``."""
        return f"{self.service}:{self.name}"

    @property
    def tier(self) -> str:
        """What the name begins with: ``private``, ``shield``, ``premium``, ``advanced`` and so on."""
        return self.name.split("-")[0]

    @property
    def in_private_spaces(self) -> bool:
        """Whether it can be installed inside a Private or Shield Space."""
        return self.tier in {"private", "shield", "advanced"}

    @property
    def supports_privatelink(self) -> bool:
        """``private-*`` and ``shield-*`` plans do, Postgres Advanced does not (known)."""
        return self.tier in {"private", "shield"}


class Service(NamedTuple):
    """An add-on service. `name_prefix` is in the names of its add-ons, from which clients tell its kind."""

    name: str
    human_name: str
    name_prefix: str
    first_attachment: str
    attachment_prefix: str
    default_plan: str
    private_default_plan: str

    @property
    def id(self) -> str:
        """The service's UUID."""
        return catalog_uuid("addon-service", self.name)

    @property
    def provider_email(self) -> str:
        """Who makes the releases of this provider: ``heroku-redis@addons.heroku.com`` (known)."""
        return f"{self.name}@addons.heroku.com"

    @property
    def plans(self) -> tuple[Plan, ...]:
        """The service's plans."""
        return tuple(plan for plan in PLANS if plan.service == self.name)


ZONES: dict[str, dict[str, str]] = {
    "us-east-1": {"use1-az1": "us-east-1b", "use1-az2": "us-east-1c", "use1-az4": "us-east-1d"},
    "us-west-2": {"usw2-az1": "us-west-2b", "usw2-az2": "us-west-2a", "usw2-az3": "us-west-2c"},
    "eu-west-1": {"euw1-az1": "eu-west-1b", "euw1-az2": "eu-west-1c", "euw1-az3": "eu-west-1a"},
    "eu-central-1": {"euc1-az1": "eu-central-1a", "euc1-az2": "eu-central-1b", "euc1-az3": "eu-central-1c"},
    "eu-west-2": {"euw2-az1": "eu-west-2c", "euw2-az2": "eu-west-2a", "euw2-az3": "eu-west-2b"},
    "ap-southeast-2": {"apse2-az1": "ap-southeast-2a", "apse2-az2": "ap-southeast-2c", "apse2-az3": "ap-southeast-2b"},
    "ap-northeast-1": {"apne1-az1": "ap-northeast-1c", "apne1-az2": "ap-northeast-1d", "apne1-az4": "ap-northeast-1a"},
    "ca-central-1": {"cac1-az1": "ca-central-1a", "cac1-az2": "ca-central-1b", "cac1-az4": "ca-central-1d"},
    "ap-south-1": {"aps1-az1": "ap-south-1a", "aps1-az2": "ap-south-1c", "aps1-az3": "ap-south-1b"},
    "ap-southeast-1": {"apse1-az1": "ap-southeast-1a", "apse1-az2": "ap-southeast-1b", "apse1-az3": "ap-southeast-1c"},
}
"""Zone ids, which compare across AWS accounts, with the names that the embedded AWS emulator gives them."""

HOSTED_ZONES: dict[str, str] = {
    "us-east-1": "Z7HUB22UULQXV",
    "us-west-2": "Z1YSA3EXCYUU9Z",
    "eu-west-1": "Z38GZ743OKFT7T",
    "eu-central-1": "Z273ZU8SZ5RJPC",
    "eu-west-2": "Z7K1066E3PUKB",
    "ap-southeast-2": "ZDK2GCRPAFKGO",
    "ap-northeast-1": "Z2E726K9Y6RL4W",
    "ca-central-1": "ZRCXCF510Y6P9",
    "ap-south-1": "Z2KVTB3ZLFM7JR",
    "ap-southeast-1": "Z18LLCSTV4NVNL",
}
"""The Route 53 hosted zone of the DNS names of each AWS region's endpoints."""

REGIONS: tuple[Region, ...] = (
    Region("us", "United States", "United States", "Virginia", "us-east-1", private_capable=False),
    Region("eu", "Europe", "Ireland", "Dublin", "eu-west-1", private_capable=False),
    Region("virginia", "Virginia, United States", "United States", "Virginia", "us-east-1", private_capable=True),
    Region("oregon", "Oregon, United States", "United States", "Oregon", "us-west-2", private_capable=True),
    Region("dublin", "Dublin, Ireland", "Ireland", "Dublin", "eu-west-1", private_capable=True),
    Region("frankfurt", "Frankfurt, Germany", "Germany", "Frankfurt", "eu-central-1", private_capable=True),
    Region("london", "London, United Kingdom", "United Kingdom", "London", "eu-west-2", private_capable=True),
    Region("sydney", "Sydney, Australia", "Australia", "Sydney", "ap-southeast-2", private_capable=True),
    Region("tokyo", "Tokyo, Japan", "Japan", "Tokyo", "ap-northeast-1", private_capable=True),
    Region("montreal", "Montreal, Canada", "Canada", "Montreal", "ca-central-1", private_capable=True),
    Region("mumbai", "Mumbai, India", "India", "Mumbai", "ap-south-1", private_capable=True),
    Region("singapore", "Singapore", "Singapore", "Singapore", "ap-southeast-1", private_capable=True),
)

SERVICES: tuple[Service, ...] = (
    Service("heroku-postgresql", "Heroku Postgres", "postgresql", "DATABASE", "HEROKU_POSTGRESQL", "essential-0",
            "private-0"),
    Service("heroku-redis", "Heroku Key-Value Store", "redis", "REDIS", "HEROKU_REDIS", "mini", "private-3"),
    Service("heroku-kafka", "Apache Kafka on Heroku", "kafka", "KAFKA", "HEROKU_KAFKA", "basic-0",
            "private-standard-0"),
)  # fmt: skip

_PRICES: dict[str, dict[str, int]] = {
    "heroku-postgresql": {
        "essential-0": 5, "essential-1": 9, "essential-2": 20,
        "standard-0": 50, "standard-2": 200, "standard-3": 400, "standard-4": 750,
        "standard-5": 1400, "standard-6": 2000, "standard-7": 3500,
        "premium-0": 200, "premium-2": 350, "premium-3": 750, "premium-4": 1200,
        "premium-5": 2500, "premium-6": 3500, "premium-7": 6000,
        "private-0": 300, "private-2": 450, "private-3": 900, "private-4": 1500,
        "private-5": 3000, "private-6": 4200, "private-7": 7200,
        "shield-0": 350, "shield-2": 550, "shield-3": 1100, "shield-4": 1800,
        "shield-5": 3600, "shield-6": 5000, "shield-7": 8600,
        "advanced-4g": 150, "advanced-8g": 300, "advanced-16g": 500, "advanced-32g": 900,
    },
    "heroku-redis": {
        "mini": 3, "premium-0": 15, "premium-1": 30, "premium-2": 60, "premium-3": 120, "premium-5": 200,
        "premium-7": 750, "premium-9": 1450, "premium-10": 3500, "premium-12": 6500, "premium-14": 12500,
        "private-3": 150, "private-5": 250, "private-7": 900, "private-9": 1750, "private-10": 4000,
        "private-12": 7500, "private-14": 14000,
        "shield-3": 210, "shield-5": 350, "shield-7": 1100, "shield-9": 2100, "shield-10": 4800,
        "shield-12": 9000, "shield-14": 19600,
    },
    "heroku-kafka": {
        "basic-0": 100, "basic-1": 125, "basic-2": 175,
        "standard-0": 1500, "standard-1": 1800, "standard-2": 3200,
        "extended-0": 4000, "extended-1": 5000, "extended-2": 8700,
        "private-standard-0": 1800, "private-standard-1": 2200, "private-standard-2": 3600,
        "private-extended-0": 5000, "private-extended-1": 6200, "private-extended-2": 10800,
        "shield-standard-0": 2200, "shield-standard-1": 2700, "shield-standard-2": 4400,
        "shield-extended-0": 6000, "shield-extended-1": 7500, "shield-extended-2": 13000,
    },
}  # fmt: skip
"""US dollars a month."""

PLANS: tuple[Plan, ...] = tuple(
    Plan(service, name, name.replace("-", " ").title(), 100 * dollars)
    for service, plans in _PRICES.items()
    for name, dollars in plans.items()
)

_REGIONS = {key: region for region in REGIONS for key in (region.name, region.id)}
_SERVICES = {key: service for service in SERVICES for key in (service.name, service.id)}
_PLANS = {key: plan for plan in PLANS for key in (plan.full_name, plan.id)}


def region(identity: str) -> Region:
    """A region by name or id; NotFound otherwise."""
    if identity not in _REGIONS:
        raise NotFound("region")
    return _REGIONS[identity]


def service(identity: str) -> Service:
    """An add-on service by name or id; NotFound otherwise."""
    if identity not in _SERVICES:
        raise NotFound("addon_service", "Couldn't find that add-on service.")
    return _SERVICES[identity]


def plan(identity: str) -> Plan:
    """A plan by full name or id; NotFound otherwise."""
    if identity not in _PLANS:
        raise NotFound("plan", "Couldn't find that add-on plan.")
    return _PLANS[identity]


def plan_to_install(identity: str, *, in_space: bool) -> Plan:
    """The plan that a create names: a plan, or a service, whose default it then is (the space's, in a space)."""
    if identity in _SERVICES:
        chosen = _SERVICES[identity]
        default = chosen.private_default_plan if in_space else chosen.default_plan
        return _PLANS[f"{chosen.name}:{default}"]
    if identity not in _PLANS:
        message = f'Couldn\'t find either the add-on service or the add-on plan of "{identity}".'
        raise InvalidParams(message)
    return _PLANS[identity]
