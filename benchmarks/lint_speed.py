"""What ``zdmigrate lint`` costs as a whole process, beside ``python -c pass`` in the same run.

Run ``python benchmarks/lint_speed.py`` with the Python whose zdmigrate is to be measured; with ``--squawk``,
squawk-cli from PyPI is installed into a scratch environment and measured on the same files. Budgets: one small file
under 8 times a bare Python (median of 20 interleaved runs); 300 files of about 2 KB under one second; 2,000 under
1.5 s on two processors, under 0.4 s when nothing has changed since the last run, and under 150 MB.

Beside the time that passed stands what the processors were busy for (user and system, both processes of a lint): on a
machine that does other things as well it is the figure to compare. The floor is what the files take when each is read
and its tree and tokens are asked of PostgreSQL's grammar, and nothing is done with them, on one processor.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import NamedTuple

RUNS = 20
FEW_RUNS = 5  # of what takes a second
# An installed package has its bytecode; without it each run would compile every module anew.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
SIZES = {300: 1000, 2000: 1500}  # files, and the milliseconds they may take
UNCHANGED = 400  # milliseconds for the most files
MEMORY = 150  # MB
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


class Taken(NamedTuple):
    """Milliseconds: those that passed, and those that processors were busy."""

    passed: float
    busy: float


def busy() -> float:
    """Milliseconds of all processes so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) * 1000


def taken_by(command: list[str], **variables: str) -> Taken:
    started, before = time.perf_counter(), busy()
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT | variables)
    if ended.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)} exited with {ended.returncode}:\n{ended.stderr}")
    return Taken((time.perf_counter() - started) * 1000, busy() - before)


def medians(*commands: list[str], runs: int = RUNS, **variables: str) -> list[Taken]:
    """Of interleaved runs, so that whatever else the machine does meets all of them."""
    times: list[list[Taken]] = [[] for _ in commands]
    for _ in range(runs):
        for command, taken in zip(commands, times, strict=True):
            taken.append(taken_by(command, **variables))
    return [Taken(*map(statistics.median, zip(*taken, strict=True))) for taken in times]


def entry_point() -> list[str]:
    """The console script beside this Python, else the module that it calls."""
    script = shutil.which("zdmigrate", path=str(Path(sys.executable).parent))
    return [script] if script else [sys.executable, "-m", "zdmigrate.cli.main"]


def squawk(folder: Path) -> str:
    """squawk-cli, installed below ``folder``."""
    venv.create(folder / "squawk", with_pip=True)
    programs = folder / "squawk" / ("Scripts" if os.name == "nt" else "bin")
    subprocess.run([programs / "python", "-m", "pip", "install", "--quiet", "squawk-cli"], check=True)
    return str(programs / "squawk")


class Measured(NamedTuple):
    """A line of the report: milliseconds, and what they may be."""

    what: str
    taken: Taken
    budget: str = ""

    def __str__(self) -> str:
        return f"{self.what:<32}{self.taken.passed:8.1f} ms, busy {self.taken.busy:8.1f} ms  {self.budget}".rstrip()


# What no linter of these files on this grammar could do without.
FLOOR = """
import sys, pathlib
from zdmigrate.sql.grammar import parse_short, scan
for file in pathlib.Path(sys.argv[1]).glob("*.sql"):
    text = file.read_text()
    scan(text), parse_short(text)
"""


def small_file(folder: Path, lint: list[str], rival: str | None) -> list[Measured]:
    file = folder / "001_small.sql"
    file.write_text(SMALL)
    python = sys.executable
    others = [[rival, str(file)]] if rival else []
    bare, click, one, *squawked = medians(
        [python, "-c", "pass"], [python, "-c", "import click"], [*lint, str(file)], *others
    )
    return [
        Measured("python -c pass", bare),
        Measured("import click", click, f"{click.passed / bare.passed:4.1f} x"),
        Measured("lint, one small file", one, f"{one.passed / bare.passed:4.1f} x (budget 8 x)"),
        *(Measured("squawk, one small file", taken, f"{taken.passed / bare.passed:4.1f} x") for taken in squawked),
    ]


def many_files(folder: Path, lint: list[str], rival: str | None, count: int) -> list[Measured]:
    """Without the cache, then with one that an earlier run has filled."""
    for number in range(count):
        (folder / f"{number:04}_feature.sql").write_text(ORDINARY.format(n=number))
    others = [[rival, *sorted(map(str, folder.glob("*.sql")))]] if rival else []
    floor = [sys.executable, "-c", FLOOR, str(folder)]
    cold, least, *squawked = medians([*lint, "--no-cache", str(folder)], floor, *others, runs=FEW_RUNS)
    with tempfile.TemporaryDirectory() as kept:
        taken_by([*lint, str(folder)], ZDMIGRATE_CACHE=kept)
        (again,) = medians([*lint, str(folder)], runs=FEW_RUNS, ZDMIGRATE_CACHE=kept)
    return [
        Measured(f"lint, {count} files", cold, f"of {len(ORDINARY)} bytes (budget {SIZES[count]} ms)"),
        Measured(f"floor, {count} files", least, "on one processor"),
        *(Measured(f"squawk, {count} files", taken) for taken in squawked),
        Measured(f"lint, {count} files, unchanged", again, f"(budget {UNCHANGED} ms)" if count == max(SIZES) else ""),
    ]


def megabytes() -> float:
    """The most memory that any process so far has taken."""
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return most / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--squawk", action="store_true", help="measure squawk-cli from PyPI, too")
    asked = parser.parse_args()
    lint = [*entry_point(), "lint", "--quiet", "--fail-on", "never"]
    print(f"entry point: {' '.join(entry_point())}; {os.cpu_count()} processors")
    with tempfile.TemporaryDirectory() as scratch:
        rival = squawk(Path(scratch)) if asked.squawk else None
        for count in (1, *SIZES):
            folder = Path(scratch, str(count))
            folder.mkdir()
            measured = small_file(folder, lint, rival) if count == 1 else many_files(folder, lint, rival, count)
            print(*measured, sep="\n", flush=True)
            if rival is None:
                print(f"{'memory of the largest process':<32}{megabytes():8.1f} MB  (budget {MEMORY} MB)")


if __name__ == "__main__":
    main()
