"""The API put together: its routers, its errors, its OpenAPI document and the page that shows it."""

from __future__ import annotations

from typing import Any, cast

import orjson
from django.http import HttpRequest
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.parser import Parser

from ffweb import __version__
from ffweb.api import catalogue, people, problems, results, runs, shares
from ffweb.api.auth import AUTH
from ffweb.api.schemas import ProblemOut

DESCRIPTION = (
    "Launch, watch, compare and share Forward-Forward experiments. Send a token (`POST /tokens`, or "
    "`python manage.py api_token USER`) as `Authorization: Bearer …`. Every error is RFC 9457 problem+json."
)


class StrictJson(Parser):
    """JSON as the standard has it (no NaN), and without NUL characters, which Postgres cannot store."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        if b"\\u0000" in request.body:
            raise ValueError("a text holds a NUL character")
        return cast(dict[str, Any], orjson.loads(request.body))


class Api(NinjaAPI):
    """Says of every call that its errors are problems."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**options)
        schema["components"]["schemas"]["Problem"] = _problem_schema()
        content = {problems.CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        for methods in schema["paths"].values():
            for operation in methods.values():
                operation["responses"]["default"] = {"description": "A problem", "content": content}
        return schema


def _problem_schema() -> dict[str, Any]:
    schema = ProblemOut.model_json_schema()
    item = schema.pop("$defs")["ProblemItem"]
    schema["properties"]["errors"]["items"] = item
    return schema | {"title": "Problem"}


api = Api(
    title="FFWeb",
    version=__version__,
    description=DESCRIPTION,
    urls_namespace="api",
    openapi_url="/openapi.json",
    docs_url=None,
    auth=AUTH,
    parser=StrictJson(),
)
problems.install(api)
for router in (catalogue.router, runs.router, results.router, shares.router, shares.public, people.router):
    api.add_router("", router)
