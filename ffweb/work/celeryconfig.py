"""Celery's settings: early acks, one message at a time; nothing ever comes back by itself."""

from __future__ import annotations

from django.conf import settings

broker_url = settings.REDIS_URL or "memory://"
broker_connection_timeout = 2.0
broker_connection_retry_on_startup = True
broker_connection_max_retries = None  # a worker outlives any outage of Redis
# A redelivered bell would be harmless, but a week of silence is cheaper than a sweep.
broker_transport_options = {"visibility_timeout": 7 * 24 * 3600, "socket_connect_timeout": 2.0}

task_default_queue = "cpu"
task_create_missing_queues = True
task_ignore_result = True
task_acks_late = False

worker_prefetch_multiplier = 1
worker_disable_prefetch = True  # a busy worker must not hold the bell that would wake an idle one
worker_enable_remote_control = False  # stop and status go through the database; saves a connection and start-up time
worker_hijack_root_logger = False
worker_send_task_events = False
