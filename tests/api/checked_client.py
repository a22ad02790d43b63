"""A test client that holds every JSON answer of the API against the OpenAPI schema."""

import json
import re
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import spectacular_settings
from jsonschema import Draft202012Validator
from rest_framework.test import APIClient

UNDESCRIBED = re.compile(r"/api/(schema|docs)\b")


class CheckedClient(APIClient):
    """Fails where an answer's status is not described, or its body is not as described."""

    def generic(self, method: str, path: Any, *args: Any, **options: Any) -> Any:
        answer = super().generic(method, path, *args, **options)
        check_answer(method, str(path), answer)
        return answer


def check_answer(method: str, path: str, answer: Any) -> None:
    """Raise AssertionError where Django's answer is not as the schema describes it."""
    content_type = answer.headers.get("Content-Type", "")
    check_body(method, path, answer.status_code, content_type, b"(streamed)" if answer.streaming else answer.content)


def check_body(method: str, path: str, status: int, content_type: str, body: bytes) -> None:
    """Raise AssertionError where the schema does not describe the status, the kind of body, or its JSON."""
    path = path.partition("?")[0]
    operation = find_operation(method, path)
    if operation is None or UNDESCRIBED.match(path):
        return
    described = operation["responses"].get(str(status))
    assert described is not None, f"{method} {path}: {status} is not described. {body[:500]!r}"
    content = described.get("content", {})
    kind = content_type.partition(";")[0]
    if not content:
        assert body == b"", f"{method} {path}: {status} is described without a body."
        return
    assert kind in content, f"{method} {path}: {kind} is not described, only {list(content)}."
    if kind == "application/json" and body != b"(streamed)":
        shape = json.dumps(content[kind]["schema"], sort_keys=True)
        errors = list(_validator(shape).iter_errors(json.loads(body)))
        assert errors == [], f"{method} {path}: {errors[0].json_path}: {errors[0].message}"


def find_operation(method: str, path: str) -> dict[str, Any] | None:
    """Return the described call of this method and address; None where there is none."""
    for pattern, methods in _patterns():
        if pattern.fullmatch(path) and method.lower() in methods:
            found: dict[str, Any] = methods[method.lower()]
            return found
    return None


@cache
def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    assert spectacular_settings.OAS_VERSION.startswith("3.0"), "Since 3.1, a schema says `null` itself."
    return schema


@cache
def _patterns() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    def pattern(path: str) -> re.Pattern[str]:
        return re.compile(re.sub(r"\\{(\w+)\\}", lambda name: ".+" if name[1] == "path" else "[^/]+", re.escape(path)))

    return [(pattern(path), methods) for path, methods in _schema()["paths"].items()]


@cache
def _validator(schema: str) -> Draft202012Validator:
    root = {**_as_json_schema(json.loads(schema)), "components": _components()}
    return Draft202012Validator(root, format_checker=Draft202012Validator.FORMAT_CHECKER)


@cache
def _components() -> dict[str, Any]:
    return {"schemas": {name: _as_json_schema(shape) for name, shape in _schema()["components"]["schemas"].items()}}


def _as_json_schema(node: Any) -> Any:
    """Translate OpenAPI 3.0: `nullable` becomes a type, and a field that is not described is an error."""
    if isinstance(node, list):
        return [_as_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    plain = {name: _as_json_schema(value) for name, value in node.items() if name != "nullable"}
    if isinstance(node.get("properties"), dict) and node.get("type") == "object":
        plain.setdefault("additionalProperties", False)
    return {"anyOf": [plain, {"type": "null"}]} if node.get("nullable") is True else plain
