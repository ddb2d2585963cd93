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


def seconds_or_none(context: click.Context, parameter: click.Parameter, value: str | None) -> float:
    """The same for an option that may be left out: no time at all."""
    return 0.0 if value is None else seconds(context, parameter, value)
