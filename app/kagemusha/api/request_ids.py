"""Request-Ids that say whose they are, so that a client which loses its credentials can still be known.

A UUIDv8 of 32 bits system time in seconds, 30 bits sandbox id, 24 bits that make it unique, and 36 bits of an HMAC
over those. Nothing is stored. Chosen: see docs/FIDELITY.md.
"""

import hmac
import itertools
import re
import secrets
from collections.abc import Callable
from uuid import UUID

VALID_FOR = 3_600
"""Seconds of system time for which a Request-Id speaks for its sandbox."""

_NONCE_BITS, _SANDBOX_BITS, _MAC_BITS, _TAIL_BITS = 24, 30, 36, 62
_MOST = 200
"""Ids that are looked at in one header."""
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.ASCII)


class RequestIds:
    """Makes and reads Request-Ids with a secret that all processes of the server share."""

    def __init__(self, secret: bytes, clock: Callable[[], int]) -> None:
        """`clock` gives system time in milliseconds."""
        self._secret = secret
        self._clock = clock
        self._nonces = itertools.count(secrets.randbits(_NONCE_BITS))

    def make(self, sandbox_id: int) -> str:
        """A new id that speaks for the sandbox; 0 speaks for none."""
        nonce = next(self._nonces) % (1 << _NONCE_BITS)
        seconds = self._clock() // 1000 % (1 << 32)
        payload = (seconds << _SANDBOX_BITS | sandbox_id % (1 << _SANDBOX_BITS)) << _NONCE_BITS | nonce
        bits = payload << _MAC_BITS | self._mac(payload)
        # 122 bits around the version and the variant.
        high, middle, low = bits >> 74, bits >> _TAIL_BITS & 0xFFF, bits & (1 << _TAIL_BITS) - 1
        digits = f"{high << 80 | 8 << 76 | middle << 64 | 2 << _TAIL_BITS | low:032x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    def sandbox(self, header: str) -> int | None:
        """The id of the sandbox that the newest valid id in a comma list speaks for."""
        for text in reversed(header.lower().split(",")[-_MOST:]):
            found = self._read(text.strip())
            if found:
                return found
        return None

    def _read(self, text: str) -> int | None:
        if not _UUID.fullmatch(text):
            return None
        value = UUID(text).int
        bits = (value >> 80) << 74 | (value >> 64 & 0xFFF) << _TAIL_BITS | value & (1 << _TAIL_BITS) - 1
        payload, mac = bits >> _MAC_BITS, bits & (1 << _MAC_BITS) - 1
        if mac != self._mac(payload):
            return None
        seconds = payload >> _SANDBOX_BITS + _NONCE_BITS
        if not 0 <= self._clock() // 1000 - seconds <= VALID_FOR:
            return None
        return payload >> _NONCE_BITS & (1 << _SANDBOX_BITS) - 1

    def _mac(self, payload: int) -> int:
        digest = hmac.digest(self._secret, payload.to_bytes(11, "big"), "sha256")
        return int.from_bytes(digest[:8], "big") >> 64 - _MAC_BITS
