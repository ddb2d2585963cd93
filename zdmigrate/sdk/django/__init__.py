"""A Django app that beats: ``INSTALLED_APPS = [..., "zdmigrate.sdk.django"]`` and the setting ``ZDMIGRATE``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zdmigrate.sdk.heartbeat import Heartbeat


def heartbeat() -> Heartbeat | None:
    """The heartbeat of this process, for RetiringApp of zdmigrate.sdk.wsgi or .asgi; None where it is quiet."""
    from django.apps import apps

    config: Any = apps.get_app_config("zdmigrate")
    found: Heartbeat | None = config.heartbeat
    return found
