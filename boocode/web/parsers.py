"""Parses request bodies: one JSON object. Django checks its size (DATA_UPLOAD_MAX_MEMORY_SIZE)."""

import json
import re
from io import BytesIO
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

_ESCAPED_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_SURROGATE = re.compile("[\ud800-\udfff]")


class JSONObjectParser(JSONParser):
    """Parses as DRF does, and refuses everything but an object, so that no view has to check."""

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> dict[str, Any]:
        body = stream.read()
        try:
            value = super().parse(BytesIO(body), media_type, parser_context)
        except RecursionError:
            raise ParseError("The JSON is nested too deeply.") from None
        if not isinstance(value, dict):
            raise ParseError('The body has to be a JSON object, for example {"name": "…"}.')
        return _replace_surrogates(value) if _ESCAPED_SURROGATE.search(body) else value


def _replace_surrogates(value: dict[str, Any]) -> dict[str, Any]:
    """Replace lone surrogates (half an emoji), which neither the database nor the answer can encode."""
    return json.loads(_SURROGATE.sub("\ufffd", json.dumps(value, ensure_ascii=False)))
