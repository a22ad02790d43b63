"""Writes numbers as people read them, in the same words as static/js/ui/format.js."""

from typing import Any

from django import template

register = template.Library()


@register.filter
def duration(ms: float | None) -> str:
    if ms is None:
        return ""
    if ms < 1:
        return "< 1 ms"
    if ms < 1000:
        return f"{ms:.0f} ms"
    if ms < 60_000:
        return f"{ms / 1000:.1f} s"
    minutes, seconds = divmod(int(ms // 1000), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"


@register.filter
def count(number: int | None) -> str:
    """Writes a count: up to 10,000 in full, beyond in thousands and millions."""
    if number is None:
        return "unknown"
    if number < 10_000:
        return f"{number:,}"
    return f"{number / 1000:.{1 if number < 99_950 else 0}f}k" if number < 999_500 else f"{number / 1_000_000:.2f}M"


@register.filter
def dollars(amount: float | None, unpriced: int = 0) -> str:
    """Writes a sum of prices; `unpriced` is the number of steps whose price is unknown."""
    if amount is None:
        return "unknown"
    text = f"${amount:.2g}" if 0 < amount < 0.01 else f"${amount:.2f}"
    return f"≥ {text}" if unpriced else text


@register.simple_tag
def cost_of(used: dict[str, Any]) -> str:
    """Writes the cost of a usage. A script asks no provider, so it is known to cost nothing."""
    models = [one["model"] for one in used.get("by_model", [])] or [used.get("model", "")]
    if not used["cost_usd"] and models and all(model.startswith("scripted:") for model in models):
        return "no cost"
    return dollars(used["cost_usd"], used["unpriced_steps"])


@register.filter
def share(part: float | None, whole: float | None) -> str:
    """Returns a part of a width, in percent."""
    return f"{100 * (part or 0) / whole:.2f}" if whole else "0"


@register.filter
def percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.{0 if part * 10 >= whole else 1}f} %" if whole else ""
