"""What apps, attachments and add-ons are told has columns of its own; links are found by whom they allow.

Before, an app's and its attachments' was a JSON object in a config var named "", and an add-on's was in its config.
"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

NAME = ""
"""The name of the config var that held an app's settings."""
KEY = "\0settings"
"""The key of an add-on's config that held its settings."""


def _table(name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, *(sa.column(each) for each in ("sandbox_id", *columns)))


_APPS = _table("apps", "id", "maintenance", "acm", "buildpacks")
_ATTACHMENTS = _table("attachments", "app_id", "uuid", "namespace")
_ADDONS = _table("addons", "id", "config", "settings")
_VARS = _table("config_vars", "app_id", "name", "value", "attachment_id")


def _rows(statement: sa.Select[Any]) -> list[Any]:
    return list(op.get_bind().execute(statement).all())


def _change(table: sa.TableClause, key: dict[str, Any], **values: Any) -> None:
    op.execute(sa.update(table).where(*(table.c[name] == value for name, value in key.items())).values(values))


def upgrade() -> None:
    """Add the columns, and move what was kept elsewhere."""
    op.create_index("ix_allowed_accounts_arn", "allowed_accounts", ["sandbox_id", "arn"])
    op.add_column("apps", sa.Column("maintenance", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("apps", sa.Column("acm", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("apps", sa.Column("buildpacks", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("attachments", sa.Column("namespace", sa.String()))
    op.add_column("addons", sa.Column("settings", sa.Text(), nullable=False, server_default="{}"))
    was = _VARS.c.name == NAME
    for sandbox_id, app_id, value in _rows(sa.select(_VARS.c.sandbox_id, _VARS.c.app_id, _VARS.c.value).where(was)):
        told = json.loads(value)
        for uuid, namespace in told.pop("namespaces", {}).items():
            _change(_ATTACHMENTS, {"sandbox_id": sandbox_id, "uuid": uuid}, namespace=namespace)
        if "buildpacks" in told:
            told["buildpacks"] = json.dumps(told["buildpacks"])
        if told:
            _change(_APPS, {"sandbox_id": sandbox_id, "id": app_id}, **told)
    op.execute(sa.delete(_VARS).where(was))
    for sandbox_id, number, config in _rows(sa.select(_ADDONS.c.sandbox_id, _ADDONS.c.id, _ADDONS.c.config)):
        kept = json.loads(config)
        settings = kept.pop(KEY, None)
        if settings is not None:
            row = {"sandbox_id": sandbox_id, "id": number}
            _change(_ADDONS, row, config=json.dumps(kept), settings=json.dumps(settings))


def downgrade() -> None:
    """Put everything back, and take the columns away."""
    _put_back_settings_of_apps()
    columns = _ADDONS.c
    set_up = sa.select(columns.sandbox_id, columns.id, columns.config, columns.settings).where(columns.settings != "{}")
    for sandbox_id, number, config, settings in _rows(set_up):
        both = json.loads(config) | {KEY: json.loads(settings)}
        _change(_ADDONS, {"sandbox_id": sandbox_id, "id": number}, config=json.dumps(both))
    op.drop_column("addons", "settings")
    op.drop_column("attachments", "namespace")
    for column in ("buildpacks", "acm", "maintenance"):
        op.drop_column("apps", column)
    op.drop_index("ix_allowed_accounts_arn", "allowed_accounts")


def _put_back_settings_of_apps() -> None:
    told: dict[tuple[int, int], dict[str, Any]] = {}
    for sandbox_id, app_id, maintenance, acm, buildpacks in _rows(sa.select(*_APPS.c)):
        flags = {name: True for name, value in (("maintenance", maintenance), ("acm", acm)) if value}
        chosen = json.loads(buildpacks)
        told[sandbox_id, app_id] = flags | ({"buildpacks": chosen} if chosen else {})
    for sandbox_id, app_id, uuid, namespace in _rows(
        sa.select(*_ATTACHMENTS.c).where(_ATTACHMENTS.c.namespace.is_not(None))
    ):
        told[sandbox_id, app_id].setdefault("namespaces", {})[uuid] = namespace
    rows = [
        {"sandbox_id": sandbox_id, "app_id": app_id, "name": NAME, "value": json.dumps(kept, sort_keys=True)}
        for (sandbox_id, app_id), kept in told.items()
        if kept
    ]
    op.bulk_insert(_VARS, rows)
