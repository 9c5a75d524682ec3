"""HTTP and websockets in one process."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ffweb.settings")
http = get_asgi_application()  # sets Django up: consumers import models, so they come after it

from channels.routing import ProtocolTypeRouter  # noqa: E402
from django.conf import settings  # noqa: E402

from ffweb.bounds import Bounded  # noqa: E402
from ffweb.live.routing import websocket  # noqa: E402
from ffweb.prefix import under  # noqa: E402

application = under(
    ProtocolTypeRouter({"http": Bounded(http, settings.DATA_UPLOAD_MAX_MEMORY_SIZE), "websocket": websocket}),
    settings.PATH,
)
