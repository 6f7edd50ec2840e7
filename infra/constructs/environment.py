"""The environment of a function: the variables of the settings that the catalog names, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import shared.settings
from infra.catalog import Function, Use
from infra.rights.names import APPLICATION_ROLE, OWNER_ROLE, SYSTEM_ROLE
from shared.settings import OwnerDatabaseSettings, Settings

if TYPE_CHECKING:
    from infra.constructs.surroundings import Surroundings


def variable_of(name: str, kind: str) -> str:
    """`capability-key`, `secret` → `CAPABILITY_KEY_SECRET`: how a setting that points at a resource is called."""
    return f"{name}-{kind}".replace("-", "_").upper()


def known_values(surroundings: Surroundings) -> dict[str, str]:
    """Every variable this deployment has a value for."""
    stage, database = surroundings.stage, surroundings.database
    (bus_name,) = surroundings.bus_names.values()
    return {
        "DATABASE_HOST": database.serving.host,
        "DATABASE_OWNER_HOST": database.host,
        "DATABASE_PORT": str(database.port),
        "DATABASE_NAME": database.name,
        "DATABASE_INSTANCE": database.instance,
        "DATABASE_USER": APPLICATION_ROLE,
        "DATABASE_OWNER": OWNER_ROLE,
        "DATABASE_SYSTEM_USER": SYSTEM_ROLE,
        "DATABASE_ADMINISTRATOR_SECRET": database.administrator_secret_arn,
        "CACHE_URL": surroundings.cache_url,
        "BUS_NAME": bus_name,
        "VECTORS_URL": surroundings.vectors_url,
        "HOUSE_TENANT_ID": str(stage.house_tenant_id),
        "MAIL_SENDER": stage.mail_sender,
        "PORTAL_URL": stage.portal_url,
        "PREVIEWS_URL": surroundings.previews_url,
        **{variable_of(name, "bucket"): value for name, value in surroundings.bucket_names.items()},
        **{variable_of(name, "secret"): arn for name, arn in surroundings.secret_arns.items()},
        **{variable_of(name, "arn"): surroundings.workflow_arn(name) for name in surroundings.workflows},
    }


def settings_classes(function: Function) -> tuple[type[Settings], ...]:
    """The settings the catalog names. Raises ValueError for a name that `shared.settings` does not have."""
    found = []
    for name in function.settings:
        candidate = getattr(shared.settings, name, None)
        if not (isinstance(candidate, type) and issubclass(candidate, Settings)):
            raise ValueError(f"{function.name}: there are no settings called {name}")
        found.append(candidate)
    return tuple(found)


def environment(function: Function, known: Mapping[str, str]) -> dict[str, str]:
    """Fill the function's settings from `known`, else from their own defaults.

    An empty value is left out: for some libraries an empty variable is not the same as none (the Anthropic SDK takes
    an empty `ANTHROPIC_BASE_URL` for an address). Raises ValueError when a required setting has no value.
    """
    if Use("vectors", "read") in function.uses:
        # Whoever only searches is pointed at the key that changes nothing.
        known = {**known, "VECTORS_KEY_SECRET": known[variable_of("vectors-read-key", "secret")]}
    classes = settings_classes(function)
    if any(issubclass(settings, OwnerDatabaseSettings) for settings in classes):
        # Migrations set what a proxy would pin a connection for, and take locks: the owner goes to the instance.
        known = {**known, "DATABASE_HOST": known["DATABASE_OWNER_HOST"]}
    filled: dict[str, str] = {}
    for settings in classes:
        for name, field in settings.model_fields.items():
            variable = name.upper()
            if variable in known:
                filled[variable] = known[variable]
            elif field.is_required():
                raise ValueError(f"{function.name}: nothing fills {variable} of {settings.__name__}")
            else:
                filled[variable] = str(field.default)
    return {variable: value for variable, value in sorted(filled.items()) if value != ""}
