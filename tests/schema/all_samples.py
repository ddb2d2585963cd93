"""All samples whose effects are claimed and measured."""

from __future__ import annotations

from tests.schema.samples import SAMPLES
from tests.schema.samples_of_each import EACH

ALL = [*SAMPLES, *EACH]
