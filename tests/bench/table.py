"""Numbers as a table: what was measured, and what it should be."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Row:
    """One measurement. `target` is the most it may be, or with `at_least` the least; None where nothing is asked."""

    what: str
    value: float
    unit: str
    target: float | None = None
    at_least: bool = False

    @property
    def good(self) -> bool:
        if self.target is None:
            return True
        return self.value >= self.target if self.at_least else self.value <= self.target

    def cells(self) -> tuple[str, str, str, str]:
        sign = "≥" if self.at_least else "≤"
        target = "" if self.target is None else f"{sign} {shown(self.target)} {self.unit}"
        verdict = "" if self.target is None else "yes" if self.good else "**no**"
        return self.what, f"{shown(self.value)} {self.unit}", target, verdict


@dataclass
class Table:
    title: str
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, what: str, value: float, unit: str, target: float | None = None, *, at_least: bool = False) -> None:
        self.rows.append(Row(what, value, unit, target, at_least))

    def __str__(self) -> str:
        lines = [f"## {self.title}", "", "| what | measured | target | met |", "|---|---|---|---|"]
        lines += ["| " + " | ".join(row.cells()) + " |" for row in self.rows]
        return "\n".join([*lines, "", *(f"{note}\n" for note in self.notes)])


def shown(value: float) -> str:
    """Three digits where they mean something."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of them lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


median = statistics.median
