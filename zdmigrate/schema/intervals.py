"""The type modifiers of interval: which fields it keeps, to how many digits of a second.

Source: interval_support() and datetime.h of the server; measured by test_effects.
"""

from __future__ import annotations

_ALL_FIELDS = 0x7FFF
_FINEST = 6
# The bits of the fields, from the finest on.
_FIELDS = (1 << 12, 1 << 11, 1 << 10, 1 << 3, 1 << 1, 1 << 2)  # second, minute, hour, day, month, year


def keeps_interval(old: tuple[int, ...], new: tuple[int, ...]) -> bool:
    """Whether every interval that the old modifiers allow is one of the new, unchanged."""
    old_field, old_digits = _field_and_digits(old)
    new_field, new_digits = _field_and_digits(new)
    return new_field <= old_field and (old_field > 0 or new_digits >= min(old_digits, _FINEST))


def _field_and_digits(modifiers: tuple[int, ...]) -> tuple[int, int]:
    fields = modifiers[0] if modifiers else _ALL_FIELDS
    digits = modifiers[1] if len(modifiers) > 1 else _FINEST
    finest = 0 if fields == _ALL_FIELDS else next(place for place, bit in enumerate(_FIELDS) if fields & bit)
    return finest, digits
