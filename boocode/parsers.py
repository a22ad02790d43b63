"""Request bodies: one JSON object. How large it may be, Django checks (DATA_UPLOAD_MAX_MEMORY_SIZE)."""

import json
import re
from io import BytesIO
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

_ESCAPED_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_SURROGATE = re.compile("[\ud800-\udfff]")


class JSONObjectParser(JSONParser):
    """DRF's parser, with an object as the only thing that it lets through, so that no view has to ask."""

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> dict[str, Any]:
        body = stream.read()
        try:
            value = super().parse(BytesIO(body), media_type, parser_context)
        except RecursionError:
            raise ParseError("The JSON is nested too deeply.") from None
        if not isinstance(value, dict):
            raise ParseError('The body has to be a JSON object, for example {"name": "…"}.')
        return _repaired(value) if _ESCAPED_SURROGATE.search(body) else value


def _repaired(value: dict[str, Any]) -> dict[str, Any]:
    """Half an emoji is no text: no encoder takes it, neither the database's nor the answer's."""
    return json.loads(_SURROGATE.sub("\ufffd", json.dumps(value, ensure_ascii=False)))
