"""What other processes run in the store's tests."""

from typing import Any

from kagemusha.store.engine import connect
from kagemusha.store.migrate import ensure_schema


def race(urls: list[str], barrier: Any, failures: Any) -> None:
    """Bring each database up to date at the same moment as the others do; report what went wrong."""
    met: list[str] = []
    for url in urls:
        engine = connect(url)
        barrier.wait(timeout=60)
        try:
            ensure_schema(engine)
        except Exception as error:  # noqa: BLE001  whatever it is, the test is to show it
            met.append(repr(error))
        engine.dispose()
    failures.put(met)
