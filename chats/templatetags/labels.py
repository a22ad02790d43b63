"""Gives templates `{% tool_labels %}`: the words for tool calls, as JSON for the page's script."""

from django import template
from django.utils.html import json_script
from django.utils.safestring import SafeString

from tools.registry import labels

register = template.Library()


@register.simple_tag
def tool_labels() -> SafeString:
    """Writes the labels of all tools into the page."""
    return json_script(labels(), "tool-labels")
