"""Describes the API: OpenAPI at /api/schema, a page to try it at /api/docs."""

from typing import Any

from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_update
from django.contrib.auth.views import redirect_to_login
from django.utils.decorators import method_decorator
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

DETAIL = {"type": "object", "properties": {"detail": {"type": "string"}}, "required": ["detail"]}
WRONG_INPUT = {
    "type": "object",
    "additionalProperties": {},
    "description": "A sentence in `detail`, or sentences by field.",
}


def describe_errors(result: dict[str, Any], **_arguments: Any) -> dict[str, Any]:
    """Add to every call the errors that it may answer with; a postprocessing hook of drf-spectacular."""
    result["components"]["schemas"] |= {"Detail": DETAIL, "WrongInput": WRONG_INPUT}
    for methods in result["paths"].values():
        for operation in methods.values():
            takes_input = "requestBody" in operation or any(p["in"] == "query" for p in operation.get("parameters", ()))
            errors = {"default": ("Any other error.", "Detail")}
            if takes_input:
                errors["400"] = ("Wrong input.", "WrongInput")
            for status, (description, schema) in errors.items():
                content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
                operation["responses"].setdefault(status, {"description": description, "content": content})
    return result


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
