"""Compresses pages and answers of the API."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class WholeAnswers(GZipMiddleware):
    """Leaves streamed answers as they are: what is exported for minutes comes piece by piece."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        return response if response.streaming else super().process_response(request, response)
