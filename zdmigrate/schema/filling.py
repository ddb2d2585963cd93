"""Why a new column's value has to be written into every row: the table is rewritten then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.schema.history_of_tables import SERIAL
from zdmigrate.schema.names import Name
from zdmigrate.schema.type_names import BUILT_IN, OF_EXTENSIONS
from zdmigrate.schema.volatility import is_volatile

if TYPE_CHECKING:
    from zdmigrate.schema.catalog import Catalog
    from zdmigrate.schema.operations import Column, Expression, TypeName

UNKNOWN_TYPE = "unknown type"


def fills_rows(column: Column, catalog: Catalog) -> str:
    """The reason, in words; "" where PostgreSQL keeps the value in the catalog, or there is none."""
    if column.identity is not None or fills_by_sequence(column.type):
        return "sequence"
    if column.generated is not None:
        return "stored generation" if column.generated == "stored" else ""
    if column.default is not None and is_volatile(column.default, catalog):
        return "volatile default"
    constrained = is_constrained_domain(column.type, catalog)
    return "" if constrained is False else "constrained domain" if constrained else UNKNOWN_TYPE


def gets_value(column: Column) -> bool:
    """Whether an INSERT that does not name the column gives it a value all the same."""
    if column.identity is not None or column.generated is not None:
        return True
    return fills_by_sequence(column.type) or default_of(column) is not None


def default_of(column: Column) -> Expression | None:
    """The default; DEFAULT NULL is none."""
    default = column.default
    return None if default is None or default.sql.strip("() ").lower().split("::")[0] == "null" else default


def is_required(column: Column) -> bool:
    """Whether an INSERT that does not name the column fails."""
    constrained = any(constraint.type in ("not_null", "primary_key") for constraint in column.constraints)
    return (column.not_null or constrained) and not gets_value(column)


def fills_by_sequence(type_name: TypeName) -> bool:
    """Whether the type is one of smallserial, serial, bigserial."""
    return type_name.schema is None and type_name.name in SERIAL


def is_constrained_domain(type_name: TypeName, catalog: Catalog) -> bool | None:
    """Whether the type is a domain with a constraint; None where history never made such a type."""
    if type_name.array or (type_name.schema in (None, "pg_catalog") and type_name.name in BUILT_IN):
        return False
    schemas = catalog.search_path if type_name.schema is None else (type_name.schema,)
    for schema in schemas:
        name = Name(schema, type_name.name)
        if name in catalog.domains:
            return catalog.domains[name].constrained
        if name in catalog.types or name in catalog.tables:
            return False
    return False if type_name.name in OF_EXTENSIONS else None


def may_be_composite(type_name: TypeName | None, catalog: Catalog) -> bool:
    """Whether values may be rows, of which ``IS NOT NULL`` asks every field; so may a type that history never made."""
    if type_name is None:
        return True
    base = base_type(type_name, catalog)
    if base.array or (base.schema in (None, "pg_catalog") and base.name in BUILT_IN) or base.name in OF_EXTENSIONS:
        return False
    schemas = catalog.search_path if base.schema is None else (base.schema,)
    forms = (catalog.types.get(Name(schema, base.name)) for schema in schemas)
    return next((form == "composite" for form in forms if form is not None), True)


def base_type(type_name: TypeName, catalog: Catalog) -> TypeName:
    """The type under a domain, as far as history made it; every other type is its own base."""
    if type_name.array:
        return type_name
    schemas = catalog.search_path if type_name.schema is None else (type_name.schema,)
    found = (catalog.domains.get(Name(schema, type_name.name)) for schema in schemas)
    domain = next((domain for domain in found if domain is not None), None)
    return type_name if domain is None or domain.base is None else base_type(domain.base, catalog)
