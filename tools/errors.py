"""Defines the failures of tools that the model can act on. Pure."""


class ToolError(Exception):
    """Tells the model what went wrong: the message is one sentence or two, with what to do instead."""


class NotFound(ToolError):
    """Says that nothing has the name, or a directory on the way to it is missing."""


class PathDenied(ToolError):
    """Says that the path is not one that a tool may touch."""
