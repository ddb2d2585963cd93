"""What ``zdmigrate lint`` costs as a whole process, beside ``python -c pass`` in the same run.

Run ``python benchmarks/lint_speed.py`` with the Python whose zdmigrate is to be measured. Budgets: one small file
under 8 times a bare Python (median of 20 interleaved runs), 300 files of about 2 KB under one second.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 20
# An installed package has its bytecode; without it each run would compile every module anew.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
FILES = 300
SMALL = """-- zdmigrate: expand
CREATE TABLE orders (id bigint PRIMARY KEY, note text);
ALTER TABLE users ADD COLUMN full_name text;
CREATE INDEX CONCURRENTLY users_full_name_idx ON users (full_name);
"""
# About 2 KB of what migrations are made of; {n} keeps the tables of the files apart.
ORDINARY = """-- The tables of feature {n}: orders, their lines, and what is shown of them.
CREATE TABLE order_{n} (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint NOT NULL,
    status text NOT NULL DEFAULT 'new' CHECK (status IN ('new', 'paid', 'sent', 'returned')),
    total numeric(12, 2) NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE order_line_{n} (
    order_id bigint NOT NULL REFERENCES order_{n} (id) ON DELETE CASCADE,
    position int NOT NULL,
    product text NOT NULL,
    quantity int NOT NULL DEFAULT 1,
    price numeric(12, 2) NOT NULL,
    PRIMARY KEY (order_id, position)
);
CREATE INDEX order_{n}_customer_idx ON order_{n} (customer_id, created_at);
COMMENT ON TABLE order_{n} IS 'Orders of feature {n}, from the moment the customer confirms them';
COMMENT ON COLUMN order_{n}.total IS 'In the currency of the shop, taxes included';
CREATE FUNCTION order_{n}_touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE order_{n} SET total = (
        SELECT coalesce(sum(quantity * price), 0) FROM order_line_{n} WHERE order_id = NEW.order_id
    ) WHERE id = NEW.order_id;
    RETURN NEW;
END $$;
CREATE TRIGGER order_line_{n}_touch AFTER INSERT OR UPDATE ON order_line_{n}
    FOR EACH ROW EXECUTE FUNCTION order_{n}_touch();
CREATE VIEW order_{n}_open AS SELECT id, customer_id, total FROM order_{n} WHERE status IN ('new', 'paid');
ALTER TABLE users ADD COLUMN last_order_{n} bigint;
ALTER TABLE users ADD CONSTRAINT users_last_order_{n}_fk
    FOREIGN KEY (last_order_{n}) REFERENCES order_{n} (id) NOT VALID;
ALTER TABLE users VALIDATE CONSTRAINT users_last_order_{n}_fk;
CREATE INDEX CONCURRENTLY users_last_order_{n}_idx ON users (last_order_{n});
INSERT INTO order_{n} (customer_id, status) VALUES (1, 'new'), (2, 'paid');
GRANT SELECT, INSERT, UPDATE ON order_{n}, order_line_{n} TO shop;
"""


def milliseconds(command: list[str]) -> float:
    started = time.perf_counter()
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT)
    if ended.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)} exited with {ended.returncode}:\n{ended.stderr}")
    return (time.perf_counter() - started) * 1000


def medians(*commands: list[str]) -> list[float]:
    """Of interleaved runs, so that whatever else the machine does meets all of them."""
    times: list[list[float]] = [[] for _ in commands]
    for _ in range(RUNS):
        for command, taken in zip(commands, times, strict=True):
            taken.append(milliseconds(command))
    return [statistics.median(taken) for taken in times]


def entry_point() -> list[str]:
    """The console script beside this Python, else the module that it calls."""
    script = shutil.which("zdmigrate", path=str(Path(sys.executable).parent))
    return [script] if script else [sys.executable, "-m", "zdmigrate.cli.main"]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        small, many = Path(folder, "small"), Path(folder, "many")
        small.mkdir()
        many.mkdir()
        (small / "001_small.sql").write_text(SMALL)
        for number in range(FILES):
            (many / f"{number:04}_feature.sql").write_text(ORDINARY.format(n=number))
        lint = [*entry_point(), "lint", "--quiet"]
        bare, click, one = medians(
            [sys.executable, "-c", "pass"], [sys.executable, "-c", "import click"], [*lint, str(small)]
        )
        all_files = statistics.median(milliseconds([*lint, "--fail-on", "never", str(many)]) for _ in range(5))
    print(f"entry point           {' '.join(entry_point())}")
    print(f"python -c pass        {bare:7.1f} ms")
    print(f"import click          {click:7.1f} ms  {click / bare:4.1f} x")
    print(f"lint, one small file  {one:7.1f} ms  {one / bare:4.1f} x  (budget 8 x)")
    print(f"lint, {FILES} files     {all_files:7.1f} ms  of {len(ORDINARY)} bytes (budget 1000 ms)")


if __name__ == "__main__":
    main()
