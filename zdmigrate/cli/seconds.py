"""An option whose value is a length of time."""

from __future__ import annotations

import click

from zdmigrate.duration import Duration


def seconds(context: click.Context, parameter: click.Parameter, value: str) -> float:
    """A click callback: ``10s``, ``2min`` … as seconds."""
    try:
        length = Duration.parse(value).seconds
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is not {error}", context, parameter) from None
    if length <= 0:
        raise click.BadParameter("it must be longer than nothing", context, parameter)
    return length
