"""Histories are laid out as their projects order them; the page of judgments says what the judgments say."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING

from benchmarks.histories import History, laid_out, original
from benchmarks.precision import DOCS, SAMPLE, Found, Linted, judgments, sample

if TYPE_CHECKING:
    from pathlib import Path

MADE = History("shop", "", "pypi", "shop", "1", "", "shop/sql")


def with_wheel(history: History, cache: Path, **texts: str) -> History:
    """The history with its package in the cache, so that nothing is downloaded."""
    from hashlib import sha256

    wheel = cache / "archives" / "pypi-shop-1" / "shop-1-py3-none-any.whl"
    wheel.parent.mkdir(parents=True)
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in texts.items():
            archive.writestr(name, text)
    return history._replace(sha256=sha256(wheel.read_bytes()).hexdigest())


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))


def test_what_lies_outside_of_the_folder_is_not_written(tmp_path: Path) -> None:
    outside = {"shop/other.sql": "", "shop/sql/../../../x.sql": "", "/shop/sql/y.sql": "", "shop/sql/run.py": ""}
    history = with_wheel(MADE, tmp_path, **outside, **{"shop/sql/1.sql": "select 1;"})

    assert names(laid_out(history, tmp_path)) == ["1.sql"]


def test_files_come_by_the_numbers_in_their_names_and_as_the_projects_own_list_says(tmp_path: Path) -> None:
    late = ["[bundle]", "schema base directory = ../late", "b.sql", "!a.sql", "# c.sql"]
    listed = "\n".join([*late, "[database x]", "schema base directory = ../", "0.sql"])
    texts = ["delta/10.sql.pg", "delta/9.sql.pg", "late/a.sql", "late/b.sql", "late/c.sql", "0.sql"]
    files = {f"shop/sql/{name}": "" for name in texts} | {"shop/sql/lists/order": listed}
    history = with_wheel(MADE._replace(files=(r"delta/.*",), lists=("lists/order",)), tmp_path, **files)

    found = names(laid_out(history, tmp_path))
    assert [original(name) for name in found] == [
        "delta/9.sql.pg.sql",
        "delta/10.sql.pg.sql",
        "0.sql",
        "late/b.sql",
        "late/a.sql",
    ]


def test_no_long_history_outweighs_the_others_in_the_sample() -> None:
    def linted(name: str, errors: int) -> Linted:
        found = [Found(name, "1.sql", line, "drop-table", "error", "", "") for line in range(errors)]
        return Linted(MADE._replace(name=name), {}, found, 0.0)

    drawn = sample([linted("long", 1000), linted("middle", 1000), linted("short", 5)])
    counts = [sum(found.history == name for found in drawn) for name in ("long", "middle", "short")]
    assert sum(counts) == SAMPLE
    assert counts[2] == 5
    assert abs(counts[0] - counts[1]) <= 1


def test_every_error_of_the_page_is_judged_and_counted() -> None:
    page, judged = (DOCS / "precision.md").read_text(), judgments()
    lines = re.findall(r"(?m)^- `(.+?)` → (.*)$", page)
    assert len(lines) == SAMPLE
    assert [said for key, said in lines if said != str(judged[key])] == []
    assert f"**{sum(judged[key].right for key, _ in lines)} of {SAMPLE} are right" in page
