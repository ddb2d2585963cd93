"""Casts between built-in types that depend on no setting: as SQL, with the condition under which they cannot fail.

A trigger derives one side from the other in the app's own write, so that it may neither fail nor change its mind.
What depends on TimeZone or DateStyle (``timestamptz::text``) is not here: the user says it with ``--up``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.value import Value

if TYPE_CHECKING:
    from zdmigrate.schema.operations import TypeName

_INTEGERS = {"smallint": 15, "integer": 31, "bigint": 63}  # bits
_DIGITS = {"smallint": 5, "integer": 10, "bigint": 19}
_FLOATS = ("real", "double precision")
_TEXTS = ("text", "character varying")
_SPELLED_BY_VALUE = (*_INTEGERS, "numeric", "boolean", "uuid", "inet", "cidr", "macaddr", "json", "jsonb", "text")
_INTEGER_TEXT = r"^\s*[+-]?[0-9]{1,18}\s*$"
_NUMERIC_TEXT = r"^\s*[+-]?([0-9]{1,255}([.][0-9]{0,255})?|[.][0-9]{1,255})\s*$"
_UUID_TEXT = r"^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$"
_BOOLEANS = "('t', 'true', 'f', 'false', 'y', 'yes', 'n', 'no', 'on', 'off', '1', '0')"


class Conversion(Value):
    """``value`` is a cast with ``{}`` for what is cast; ``fits`` the condition under which it cannot fail, or ""."""

    value: str
    fits: str = ""

    def sql(self, source: str) -> str:
        """The cast, which may fail."""
        return self.value.replace("{}", source)

    def total(self, source: str, fallback: str) -> str:
        """The cast where it fits, the fallback elsewhere; NULL for NULL."""
        if not self.fits:
            return self.sql(source)
        fits = f"CASE WHEN {self.fits.replace('{}', source)} THEN {self.sql(source)}"
        return f"{fits} END" if fallback.lower() == "null" else f"{fits} WHEN {source} IS NOT NULL THEN {fallback} END"


def conversion(old: TypeName, new: TypeName) -> Conversion | None:
    """How ``old`` becomes ``new``; None where only the user can say it."""
    if old.array or new.array or not (_built_in(old) and _built_in(new)):
        return None
    cast = f"{{}}::{_spelled(new)}"
    if new.name in _INTEGERS:
        return _to_integer(old, new, cast)
    if new.name == "numeric":
        return _to_numeric(old, new, cast)
    if new.name in _TEXTS:
        return _to_text(old, new, cast)
    if new.name == "double precision" and old.name in (*_INTEGERS, "real"):
        return Conversion(value=cast)
    if new.name == "boolean" and old.name in _TEXTS:
        return Conversion(value=cast, fits=f"pg_catalog.lower(pg_catalog.btrim({{}})) IN {_BOOLEANS}")
    if new.name == "uuid" and old.name in _TEXTS:
        return Conversion(value=cast, fits="{} ~ '" + _UUID_TEXT + "'")
    return Conversion(value=cast) if (old.name, new.name) in _TOTAL else None


_TOTAL = {
    ("date", "timestamp without time zone"),
    ("timestamp without time zone", "date"),
    ("jsonb", "json"),
    ("cidr", "inet"),
    ("boolean", "boolean"),
    ("uuid", "uuid"),
    ("real", "real"),
    ("double precision", "double precision"),
}


def _spelled(type_name: TypeName) -> str:
    serials = {"smallserial": "smallint", "serial": "integer", "bigserial": "bigint"}
    return serials.get(type_name.sql.lower(), type_name.sql)


def _built_in(type_name: TypeName) -> bool:
    return type_name.schema in (None, "pg_catalog")


def _to_integer(old: TypeName, new: TypeName, cast: str) -> Conversion | None:
    bits = _INTEGERS[new.name]
    between = f"BETWEEN {-(2**bits)} AND {2**bits - 1}"
    if old.name in _INTEGERS:
        return Conversion(value=cast, fits="" if _INTEGERS[old.name] <= bits else f"{{}} {between}")
    if old.name == "numeric":
        return Conversion(value=cast, fits=f"pg_catalog.round({{}}) {between}")
    if old.name in _FLOATS:
        highest = 2**bits - 1 if bits < 53 else 2**bits - 2 ** (bits - 53)  # the last one that a double can hold
        return Conversion(
            value=cast, fits=f"pg_catalog.round({{}}::double precision) BETWEEN {-(2**bits)} AND {highest}"
        )
    if old.name in _TEXTS:
        looks = "{} ~ '" + _INTEGER_TEXT + "'"
        fits = looks if new.name == "bigint" else f"CASE WHEN {looks} THEN {{}}::bigint {between} ELSE false END"
        return Conversion(value=cast, fits=fits)
    return Conversion(value=cast) if (old.name, new.name) == ("boolean", "integer") else None


def _to_numeric(old: TypeName, new: TypeName, cast: str) -> Conversion | None:
    precision, scale = (*new.modifiers, 0, 0)[:2] if new.modifiers else (0, 0)
    room = f"pg_catalog.abs(pg_catalog.round({{}}::numeric, {scale})) < 1{'0' * max(precision - scale, 0)}"
    if old.name in _INTEGERS:
        return Conversion(value=cast, fits="" if not precision or precision - scale >= _DIGITS[old.name] else room)
    if old.name == "numeric":
        return Conversion(value=cast, fits=room if precision else "")
    if old.name in _TEXTS:
        looks = "{} ~ '" + _NUMERIC_TEXT + "'"
        return Conversion(value=cast, fits=f"CASE WHEN {looks} THEN {room} ELSE false END" if precision else looks)
    return None


def _to_text(old: TypeName, new: TypeName, cast: str) -> Conversion | None:
    if old.name not in (*_SPELLED_BY_VALUE, *_TEXTS):
        return None
    if not new.modifiers:
        return Conversion(value=cast)
    # without the length: an explicit cast to it would cut off what does not fit
    return Conversion(value=f"{{}}::{new.name}", fits=f"pg_catalog.length({{}}::text) <= {new.modifiers[0]}")
