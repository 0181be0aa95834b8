"""One signed AWS request: who sent it, for which region and service, and what it may ask."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from kagemusha.api.aws.credentials import Scope
from kagemusha.api.aws.emulator import Emulator
from kagemusha.api.aws.facts import Facts, items
from kagemusha.api.aws.messages import AwsRequest, AwsResponse
from kagemusha.api.aws.protocol import Content, Parameters
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

    async def forward(self, more: str = "") -> AwsResponse:
        """Hand the request to the emulator as it is, or with `more` at the end of its form."""
        request = self.request._replace(body=self.request.body + more.encode()) if more else self.request
        return await self.emulator.send(self.account_id, self.caller.sandbox.seed, request)

    async def forward_items(self, pairs: Mapping[str, str], *names: str) -> Sequence[list[Element]]:
        """The items of each of the lists `names` in all pages of the emulator's answer to the action with `pairs`."""
        found: list[list[Element]] = [[] for _ in names]
        token: str | None = None
        while True:
            root = await self.facts.ask(self.parameters.action, **pairs, **({"NextToken": token} if token else {}))
            for name, kept in zip(names, found, strict=True):
                kept.extend(items(root, name))
            token = root.findtext("nextToken")
            if not token:
                return found
