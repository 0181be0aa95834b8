"""Tags, by EC2's rules (known: the EC2 tagging guide)."""

import json
from collections.abc import Mapping

from kagemusha.api.aws.protocol import Content, Parameters
from kagemusha.domain.errors import AwsError
from kagemusha.store.records import Endpoint

MOST, LONGEST_KEY, LONGEST_VALUE = 50, 128, 256


def given(parameters: Parameters, name: str = "Tag") -> dict[str, str]:
    """The tags of a request: ``Tag.1.Key``, ``Tag.1.Value``."""
    found: dict[str, str] = {}
    for each in parameters.structures(name):
        key, value = each.required("Key"), each.text("Value") or ""
        if len(key) > LONGEST_KEY or len(value) > LONGEST_VALUE or key.lower().startswith("aws:"):
            message = (
                f"Tag key {key[:LONGEST_KEY]!r} or its value is invalid: keys have up to {LONGEST_KEY} characters and "
                f"don't begin with aws:, values have up to {LONGEST_VALUE}."
            )
            raise AwsError("InvalidParameterValue", message)
        if key in found:
            message = f"Duplicate tag key '{key}' specified."
            raise AwsError("InvalidParameterValue", message)
        found[key] = value
    return found


def specified(parameters: Parameters) -> dict[str, str]:
    """The tags of a create: ``TagSpecification.1.ResourceType`` must be ``vpc-endpoint``."""
    found: dict[str, str] = {}
    for each in parameters.structures("TagSpecification"):
        kind = each.required("ResourceType")
        if kind != "vpc-endpoint":
            message = f"'{kind}' is not a valid taggable resource type for this operation."
            raise AwsError("InvalidParameterValue", message)
        found |= given(each)
    check(found)
    return found


def check(tags: Mapping[str, str]) -> None:
    """Refuse more tags than a resource can have."""
    if len(tags) > MOST:
        message = f"A resource can have up to {MOST} tags."
        raise AwsError("TagLimitExceeded", message)


def of(endpoint: Endpoint) -> dict[str, str]:
    """The endpoint's tags."""
    found: dict[str, str] = json.loads(endpoint.tags)
    return found


def shape(endpoint: Endpoint) -> Content:
    """``tagSet``."""
    return [{"key": key, "value": value} for key, value in of(endpoint).items()]
