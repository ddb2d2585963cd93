"""A mapping in layers is the dict that it stands for, whatever its copies have become."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from zdmigrate.schema.layers import FEW, Layered, also, where, without

if TYPE_CHECKING:
    from collections.abc import Mapping

KEYS = st.integers(0, 3 * FEW)
CHANGES = st.lists(st.one_of(st.tuples(KEYS, st.integers()), KEYS), max_size=4 * FEW)


def is_odd(entry: int) -> bool:
    return entry % 2 == 1


@given(CHANGES)
def test_it_is_the_dict_that_it_stands_for_and_so_are_those_before_it(changes: list[tuple[int, int] | int]) -> None:
    known: Mapping[int, int] = {number: number for number in range(FEW)}
    plain = dict(known)
    kept = []
    for change in changes:
        if isinstance(change, tuple):
            known, plain = also(known, dict([change])), {**plain, change[0]: change[1]}
        else:
            known, plain = without(known, {change}), {key: entry for key, entry in plain.items() if key != change}
        kept.append((known, plain))
    for layered, expected in kept:
        assert list(layered.items()) == list(expected.items())
        assert [layered.get(key) for key in range(3 * FEW)] == [expected.get(key) for key in range(3 * FEW)]
        assert sorted(where(layered, is_odd)) == sorted(filter(is_odd, expected.values()))


def test_many_entries_are_shared_and_not_copied() -> None:
    known = also(dict.fromkeys(range(FEW), 1), {0: 2})
    assert isinstance(known, Layered)
    assert (known[0], len(known), 0 in known, FEW in known) == (2, FEW, True, False)
    assert pickle.loads(pickle.dumps(known)) == known
