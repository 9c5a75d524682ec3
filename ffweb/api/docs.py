"""The OpenAPI document as a page to read and try, its assets from our own host."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

SETTINGS = {"layout": "BaseLayout", "deepLinking": True, "defaultModelsExpandDepth": 0, "docExpansion": "list"}


def docs(request: HttpRequest) -> HttpResponse:
    """Swagger UI over /api/v1/openapi.json; calls tried there go out with the visitor's own session."""
    return render(request, "api/docs.html", {"settings": SETTINGS | {"url": reverse("api:openapi-json")}})
