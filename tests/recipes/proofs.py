"""All proofs of all recipes: ``python -m tests.recipes.proofs``.

On 18 whole, on 14 to 17 a tenth of the cases that rotates with the commit. What it prints stands in
docs/reliability.md.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.recipes.tenth import commit

WHAT = {
    "test_forth_and_back.py": "1 to 3: forth, back, and forth again",
    "test_both_versions.py": "4: two versions write all the while",
    "test_killed.py": "5: killed between any two statements",
    "test_refused_rows.py": "6: a value that does not fit",
    "test_generated.py": "7: generated tables",
    "test_majors.py": "1 to 4 on 14 to 17, a tenth of the cases",
}


class Figures:
    """How many tests of each file passed, and did not."""

    def __init__(self) -> None:
        self.passed: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        file = report.nodeid.split("::")[0].rpartition("/")[2]
        if report.failed:
            self.failed[file] += 1
        elif report.when == "call":
            self.passed[file] += 1


def main() -> int:
    os.environ.setdefault("ZDMIGRATE_MATRIX", "14,15,16,17")
    figures, began = Figures(), time.monotonic()
    code = pytest.main(["-m", "not outside", str(Path(__file__).parent), *sys.argv[1:]], plugins=[figures])
    for file, what in WHAT.items():
        print(f"| {what} | {figures.passed[file]} | {figures.failed[file]} |")
    took = (time.monotonic() - began) / 60
    print(f"{time.strftime('%Y-%m-%d')}, commit {commit():040x}, {took:.0f} minutes")
    return int(code)


if __name__ == "__main__":
    raise SystemExit(main())
