"""`{% module_page "js/pages/session.js" %}`: a module's script element, with what it imports preloaded beside it."""

import re
from functools import cache
from pathlib import Path, PurePosixPath

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()

_IMPORT = re.compile(r"""^(?:import|export)\b[^'"();]*['"](\.[^'"]+)['"];""", re.MULTILINE)


@register.simple_tag
def module_page(path: str) -> SafeString:
    """The browser would find imports one level after the other; told of all, it asks for them at once."""
    links = format_html_join(
        "\n", '<link rel="modulepreload" href="{}">', ((static(name),) for name in imports_of(path))
    )
    return format_html('{}\n<script type="module" src="{}"></script>', links, static(path))


@cache
def imports_of(path: str) -> tuple[str, ...]:
    """The files that a module needs before it runs, by their names below the static root, each once."""
    found: dict[str, None] = {}
    waiting = [path]
    while waiting:
        name = waiting.pop()
        source = finders.find(name)
        if source is None:
            raise template.TemplateSyntaxError(f"There is no module {name}.")
        for relative in _IMPORT.findall(Path(source).read_text()):
            imported = _joined(name, relative)
            if imported != path and imported not in found:
                found[imported] = None
                waiting.append(imported)
    return tuple(found)


def _joined(name: str, relative: str) -> str:
    parts: list[str] = []
    for part in (PurePosixPath(name).parent / relative).parts:
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)
