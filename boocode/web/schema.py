"""Describes the API: OpenAPI at /api/schema, a page to try it at /api/docs."""

from collections.abc import Callable
from typing import Any, TypeVar

from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_update
from django.contrib.auth.views import redirect_to_login
from django.utils.decorators import method_decorator
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer

S = TypeVar("S", bound=BaseSerializer[Any])
DETAIL = {"type": "object", "properties": {"detail": {"type": "string"}}, "required": ["detail"]}
WRONG_INPUT = {
    "type": "object",
    "properties": {"detail": {"type": "string"}},
    "additionalProperties": {},
    "description": "A sentence in `detail`, or sentences by field.",
}
EVERYWHERE = {
    "401": "No valid login or token.",
    "406": "`Accept` asks for what this call does not give.",
    "500": "BooCode failed; its log says why.",
    "503": "The database does not answer.",
    "507": "The server's disk is full.",
}
WITH_BODY = {"413": "The body is too large.", "415": "The body is no JSON."}
WRITES = ("post", "put", "patch", "delete")


def describe_errors(result: dict[str, Any], **_arguments: Any) -> dict[str, Any]:
    """Add to every call the errors that it may answer with; a postprocessing hook of drf-spectacular."""
    result["components"]["schemas"] |= {"Detail": DETAIL, "WrongInput": WRONG_INPUT}
    for path, methods in result["paths"].items():
        for method, operation in methods.items():
            answers = operation["responses"]
            for status, description in _list_errors(path, method, operation).items():
                schema = "WrongInput" if status == "400" else "Detail"
                content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
                answers.setdefault(status, {"description": description, "content": content})
            operation["responses"] = dict(sorted(answers.items()))
    return result


def _list_errors(path: str, method: str, operation: dict[str, Any]) -> dict[str, str]:
    """Return the errors of a call and what each means, without those that its view declares."""
    errors = {"400": "Wrong input, or a host name that is not the server's."} | EVERYWHERE
    if method in WRITES:
        errors["403"] = "The token may only read, or the cookie comes without a CSRF token."
    if "requestBody" in operation:
        errors |= WITH_BODY
    if "{" in path or path == "/api/sessions":
        errors["404"] = "There is no such thing, or it is not yours."
    return errors


def with_example(name: str, body: dict[str, Any]) -> Callable[[type[S]], type[S]]:
    """Give a serializer the example that /api/docs shows for a request."""
    return extend_schema_serializer(examples=[OpenApiExample(name, body, request_only=True)])


class TokenScheme(OpenApiAuthenticationExtension):
    """Describes the bearer token."""

    target_class = "chats.accounts.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "Made by `python manage.py createtoken USERNAME`."}


# Swagger's script sets styles on its elements.
@method_decorator(csp_update({"style-src": [UNSAFE_INLINE]}), name="dispatch")
class DocsView(SpectacularSwaggerSplitView):
    """Shows the API to people; redirects to the log-in where nobody is logged in."""

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        response = super().get(request, *args, **kwargs)
        # Its script holds the CSRF token: a page on another port of this host must not load it.
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        return response

    def handle_exception(self, exc: Exception) -> Any:
        if isinstance(exc, NotAuthenticated):
            return redirect_to_login(self.request.get_full_path())
        return super().handle_exception(exc)
