"""Add-ons as answers name them: what the use-cases of add-ons and of attachments both show."""

from collections.abc import Sequence
from dataclasses import dataclass

from kagemusha.domain import catalog
from kagemusha.services.context import Context
from kagemusha.store.records import Addon, App


@dataclass(frozen=True, slots=True)
class AddonView:
    """An add-on, the app that pays for it, its plan and service, and the names of the vars it gives that app."""

    addon: Addon
    app: App
    plan: catalog.Plan
    service: catalog.Service
    config_vars: Sequence[str]


def views(context: Context, found: Sequence[Addon]) -> list[AddonView]:
    """Add-ons with what their answers name, by two queries however many they are."""
    apps = context.store.apps.by_ids(addon.app_id for addon in found)
    names = context.store.config_vars.names_by_addon(addon.id for addon in found)
    return [
        AddonView(addon, apps[addon.app_id], catalog.plan(addon.plan), addon.addon_service, names.get(addon.id, []))
        for addon in found
    ]


def view(context: Context, addon: Addon) -> AddonView:
    """One add-on with what its answer names."""
    return views(context, [addon])[0]
