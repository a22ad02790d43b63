"""The failures of tools that the model can act on."""


class ToolError(Exception):
    """The message is one sentence or two for the model: what went wrong and what to do instead."""


class NotFound(ToolError):
    """Nothing has the name, or a directory on the way to it is missing."""


class PathDenied(ToolError):
    """The path is not one that a tool may touch."""
