"""The API object and its routers."""

from __future__ import annotations

from ninja import NinjaAPI

api = NinjaAPI(title="FFWeb", version="1", openapi_url="/openapi.json", docs_url=None)
