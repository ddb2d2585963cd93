"""What a condition says by its form."""

from __future__ import annotations

import pytest

from zdmigrate.schema.conditions import filled_columns

FORMS = ("{} IS NOT NULL AND true", "{} IS DISTINCT FROM NULL", "NOT {} IS NOT DISTINCT FROM NULL")


@pytest.mark.parametrize("name", ["a", "$$", "--baseline", "(", "is", 'a"b', "日本", "; --", "%"])
@pytest.mark.parametrize("form", ["{} IS NOT NULL", "NOT ({} IS NULL)", "({} NOTNULL)", *FORMS])
def test_a_check_proves_a_column_filled_whatever_its_name(name: str, form: str) -> None:
    spelled = '"' + name.replace('"', '""') + '"'
    assert filled_columns(form.format(spelled))[0] == name
