"""An Alembic project's configuration, by its file and section; and the databases that one section may have.

As ``render.py``, it imports Alembic and nothing of zdmigrate's.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from alembic.config import Config

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from alembic.script import Script


def configured(configuration: str, section: str) -> Config:
    """By its file; or for a project that makes its configuration as it runs, by its folder of scripts."""
    if configuration.endswith(".toml"):
        return Config(toml_file=configuration)
    is_file = configuration.endswith(".ini")
    config = Config(configuration, ini_section=section) if is_file else Config()
    if is_file and section in databases_of(Config(configuration)):
        config = Config(configuration)
        config.attributes["zd_databases"] = [section]
    elif is_file:
        config.attributes["zd_databases"] = databases_of(config)
    folder = Path(configuration).parent if is_file else Path(configuration)
    location = config.get_main_option("script_location") or ""
    if not location:
        config.set_main_option("script_location", escaped(folder))
    elif not Path(location).exists():
        config.set_main_option("script_location", escaped(found_around(location, folder) or location))
    return config


def databases_of(config: Config) -> list[str]:
    """Those that one env.py migrates with the same revisions, in Alembic's template ``multidb``."""
    if not config.file_config.has_section(config.config_ini_section):
        return []
    return re.findall(r"[^\s,]+", config.get_main_option("databases") or "")


def gone(script: Script, direction: str, config: Config) -> None:
    """A direction of a revision: of the template ``multidb``, for each database that is meant."""
    function: Any = getattr(script.module, direction, nothing)
    wanted = [each for each in inspect.signature(function).parameters.values() if each.default is each.empty]
    databases = config.attributes.get("zd_databases", []) if len(wanted) == 1 else []
    for name in databases:
        function(name)
    if not databases:
        function()


def escaped(path: Path | str) -> str:
    """As a value of an .ini file."""
    return str(path).replace("%", "%%")


def found_around(location: str, folder: Path) -> Path | None:
    """The folder of scripts, where the place or the package that ``location`` begins at lies around this one.

    A package need not be imported for that.
    """
    package, *rest = location.split(":")
    if rest:
        around = next((above for above in (folder, *folder.parents) if above.name == package.split(".")[-1]), None)
        return around.joinpath(*rest) if around else None
    return next((above / location for above in folder.parents if (above / location).is_dir()), None)


def nothing() -> None:
    """What a revision without a direction does."""
