"""Provides the base classes of the API's views: a query parameter that a call does not know is refused."""

from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.serializers import Serializer
from rest_framework.views import APIView


class KnownQuery(APIView):
    """Answers 400 to a parameter that the call does not know: mistyped, a filter would silently find everything."""

    query_class: type[Serializer[Any]] | None = None
    """What a GET takes in its query, None for nothing. Other methods take nothing."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        known = list(self.query_class().fields) if self.query_class and request.method in ("GET", "HEAD") else []
        if unknown := sorted(set(request.query_params) - set(known)):
            allowed = f"Allowed: {', '.join(known)}." if known else "This call takes none."
            raise ValidationError({name: [f"There is no such parameter. {allowed}"] for name in unknown})

    def read_query(self, request: Request) -> Any:
        """Read the query as a valid `query_class`. Raises ValidationError."""
        assert self.query_class is not None
        query = self.query_class(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        return query
