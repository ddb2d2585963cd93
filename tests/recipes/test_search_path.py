"""What an app sets its search_path to changes nothing of what the trigger derives."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from tests.recipes.bench import FORTH, Bench
from tests.recipes.cases import Case

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.database import RunningServer

SCHEMA = """
CREATE FUNCTION cents(amount integer) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT amount * 100::bigint';
CREATE FUNCTION amount(cents bigint) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT (cents / 100)::integer';
CREATE SCHEMA tenant;
CREATE FUNCTION tenant.cents(amount integer) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT -1::bigint';
CREATE TABLE t (id bigint PRIMARY KEY, price integer, note text);
"""
OPTIONS = ("--as", "price=price_cents", "--up", "price=cents(price)", "--down", "price=amount(price_cents)")
NAIVE = """
ALTER TABLE t ALTER price TYPE bigint USING cents(price);
ALTER TABLE t ALTER note SET NOT NULL;
"""


def test_a_version_with_a_search_path_of_its_own_writes_what_the_file_means(
    server: RunningServer, tmp_path: Path
) -> None:
    case = Case(name="priced", naive=NAIVE, schema=SCHEMA, options=(*OPTIONS, "--fill", "note=cents(3)::text"))
    with ExitStack() as held:
        on = Bench(server, case, tmp_path, held)
        database = on.database()
        on.rewrite()
        on.run(database, *FORTH)
        with database.connect() as connection:
            for path in ("tenant, public", ""):
                connection.execute("SELECT set_config('search_path', %s, false)", [path])
                connection.execute("INSERT INTO public.t (id, price) SELECT count(*), 7 FROM public.t")
                connection.execute("UPDATE public.t SET price = price + 1")
            query = "SELECT DISTINCT price_cents - 100 * price, note FROM public.t"
            assert connection.execute(query).fetchall() == [(0, "300")]
