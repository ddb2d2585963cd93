"""What defining a class of values costs at each start: dataclasses against zdmigrate.value.Value.

Run: python benchmarks/class_cost.py. Prints milliseconds a class of four fields, over 200 classes.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zdmigrate.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable

CLASSES = 200


def cost(parent: type, decorate: Callable[[type], Any]) -> float:
    began = time.perf_counter()
    for number in range(CLASSES):
        body = {"__annotations__": {"a": "str", "b": "int", "c": "int", "d": "str"}, "c": 3, "d": ""}
        decorate(type(f"Class{number}", (parent,), body))
    return (time.perf_counter() - began) / CLASSES * 1000


def main() -> None:
    print(f"dataclass(frozen=True)  {cost(object, dataclass(frozen=True)):6.3f} ms")
    print(f"dataclass               {cost(object, dataclass):6.3f} ms")
    print(f"Value                   {cost(Value, lambda made: made):6.3f} ms")


if __name__ == "__main__":
    main()
