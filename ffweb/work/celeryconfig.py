"""Celery's settings: early acks, one message at a time; nothing ever comes back by itself."""

from __future__ import annotations

from django.conf import settings

broker_url = settings.REDIS_URL or "memory://"
task_ignore_result = True
task_acks_late = False
worker_prefetch_multiplier = 1
broker_connection_retry_on_startup = True
# A redelivered bell would be harmless, but a week of silence is cheaper than a sweep.
broker_transport_options = {"visibility_timeout": 7 * 24 * 3600}
worker_hijack_root_logger = False
