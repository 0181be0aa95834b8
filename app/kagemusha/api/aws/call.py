"""One signed AWS request: who sent it, for which region and service, and what it may ask."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode
from xml.etree.ElementTree import tostring

from kagemusha.api.aws.credentials import Scope
from kagemusha.api.aws.emulator import AwsRequest, AwsResponse, Emulator, Facts, items, read
from kagemusha.api.aws.protocol import EC2_NAMESPACE, Content, Parameters, Xml
from kagemusha.services.aws_credentials import Caller
from kagemusha.services.transactions import Transactions

Answer = Mapping[str, Content] | AwsResponse
"""The content of an answer of ours, or the emulator's answer as it is."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request, as an action sees it."""

    transactions: Transactions
    emulator: Emulator
    caller: Caller
    scope: Scope
    request: AwsRequest
    parameters: Parameters

    @property
    def facts(self) -> Facts:
        """What the emulator knows of the caller's account in this region."""
        return Facts(self.emulator, self.account_id, self.caller.sandbox.seed, self.scope.region)

    @property
    def account_id(self) -> str:
        """The caller's account."""
        return self.caller.principal.account

    async def forward(self, pairs: Mapping[str, str] | None = None) -> AwsResponse:
        """Hand the request to the emulator, with other parameters if `pairs` are given."""
        request = self.request
        if pairs is not None:
            body = urlencode({"Action": self.parameters.action, "Version": "2016-11-15", **pairs}).encode()
            headers = dict(request.headers) | {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
            request = AwsRequest("POST", "/", headers, body)
        return await self.emulator.send(self.account_id, self.caller.sandbox.seed, request)

    async def forward_items(self, pairs: Mapping[str, str], name: str) -> Sequence[Xml]:
        """The items of the list `name` in all pages of the emulator's answer."""
        found: list[Xml] = []
        token: str | None = None
        while True:
            root = read(await self.forward({**pairs, **({"NextToken": token} if token else {})}))
            found += [Xml(tostring(each, "unicode", default_namespace=EC2_NAMESPACE)) for each in items(root, name)]
            token = root.findtext(f"{{{EC2_NAMESPACE}}}nextToken")
            if not token:
                return found
