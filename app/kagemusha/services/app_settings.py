"""What an app is told beside its config: no release is made of it."""

from typing import Any

from kagemusha.domain.errors import InvalidParams
from kagemusha.services.context import Context
from kagemusha.store.records import App

MAINTENANCE, ACM, BUILDPACKS, NAMESPACES = "maintenance", "acm", "buildpacks", "namespaces"
MOST_BUILDPACKS, LONGEST_BUILDPACK = 100, 2_000


def told(context: Context, app_id: int, name: str, default: Any) -> Any:
    """One of the app's settings."""
    return context.store.app_settings.of_apps([app_id]).get(app_id, {}).get(name, default)


def tell(context: Context, app_id: int, name: str, value: Any) -> None:
    """Keep one of the app's settings; what is false or empty is the default, and not kept."""
    kept = context.store.app_settings.of_apps([app_id]).get(app_id, {})
    settings = {key: each for key, each in kept.items() if key != name} | ({name: value} if value else {})
    if settings != kept:
        context.store.app_settings.put(app_id, settings)


def set_buildpacks(context: Context, app: App, buildpacks: list[str]) -> None:
    """Keep which buildpacks an app is to be built with, in order: registry names, URNs or URLs."""
    if len(buildpacks) > MOST_BUILDPACKS or any(not 0 < len(each) <= LONGEST_BUILDPACK for each in buildpacks):
        message = f"updates: give up to {MOST_BUILDPACKS} buildpacks by name or URL, none of them empty."
        raise InvalidParams(message)
    tell(context, app.id, BUILDPACKS, buildpacks)
