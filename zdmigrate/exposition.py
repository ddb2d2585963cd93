"""Figures in Prometheus' text format (its documentation, "Exposition formats")."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Sample = tuple[Mapping[str, str], float]


def metric(name: str, kind: str, told: str, samples: Iterable[Sample]) -> str:
    """The lines of one metric: what it is, and each sample with its labels; empty where there is no sample."""
    lines = [f"{name}{{{_labels(labels)}}} {value:.17g}" for labels, value in samples]
    return "\n".join([f"# HELP {name} {told}", f"# TYPE {name} {kind}", *lines, ""]) if lines else ""


def _labels(labels: Mapping[str, str]) -> str:
    return ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
