"""Every address of the site."""

from __future__ import annotations

from django.urls import include, path

from ffweb.api.docs import docs
from ffweb.api.urls import api

handler400 = "ffweb.pages.errors.bad_request"
handler500 = "ffweb.pages.errors.server_error"

urlpatterns = [
    path("api/docs", docs, name="api-docs"),
    path("api/v1/", api.urls),
    path("", include("ffweb.pages.urls")),
]
