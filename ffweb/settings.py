"""One settings file. Every knob is an environment variable, documented in the README; defaults suit a laptop."""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from ffweb import env, private, sqlite

BASE_DIR = Path(__file__).resolve().parent.parent
TESTING = "pytest" in sys.modules
# pytest-django reads this file before any conftest: tests get a home of their own here, removed by tests/conftest.py.
_home = tempfile.mkdtemp(prefix="ffweb-tests-") if TESTING else env.text("FFWEB_HOME")
HOME = Path(_home or BASE_DIR / "var").absolute()
private.claim(HOME)
RUNS_DIR = HOME / "runs"
DATASETS_DIR = HOME / "datasets"
DATASET_FOLDERS = [Path(p) for p in env.names("FFWEB_DATASETS", os.pathsep)]
for _folder in DATASET_FOLDERS:
    if not _folder.is_dir():
        raise ImproperlyConfigured(
            f"FFWEB_DATASETS names {_folder}, which is no folder. Separate folders by {os.pathsep!r}."
        )

HOST = env.text("FFWEB_HOST", "127.0.0.1")
PORT = env.integer("FFWEB_PORT", 8000, 0, 65535)
CPU_SLOTS = env.integer("FFWEB_CPU_SLOTS", 1, 0, 256)
GPUS = env.text("FFWEB_GPUS", "all")
TRAINER = env.text("FFWEB_TRAINER")  # another command than this Python's `-m trainer`, for a torch that lives elsewhere
DEBUG = env.flag("FFWEB_DEBUG")
PATH = env.url_path("FFWEB_PATH")  # under which a proxy serves the site; ffweb/prefix.py
FORCE_SCRIPT_NAME = PATH or None
SECRET_KEY = env.secret("FFWEB_SECRET_KEY") or private.secret(HOME / "secret_key")
ALLOWED_HOSTS = env.names("FFWEB_ALLOWED_HOSTS") or ["127.0.0.1", "localhost", "[::1]", HOST]
# Behind a proxy that ends TLS the browser's origin is https; Django needs it spelled out for CSRF.
CSRF_TRUSTED_ORIGINS = [
    f"https://*{host}" if host.startswith(".") else f"https://{host}"
    for host in env.names("FFWEB_ALLOWED_HOSTS")
    if host != "*"
]
HTTPS = env.flag("FFWEB_HTTPS")
PROXIES = env.networks("FFWEB_PROXY")  # whose X-Forwarded-For and X-Forwarded-Proto are believed; nobody else's are

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "ffweb.people",
    "ffweb.runs",
    "ffweb.metrics",
    "ffweb.work",
    "ffweb.pages",
    "ffweb.api",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "ffweb.pages.compression.Compressed",
    "ffweb.pages.middleware.ContentSecurityPolicy",
    "ffweb.api.problems.ProblemsOnly",
    "ffweb.pages.middleware.Readable",
    "ffweb.people.middleware.Sessions",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "ffweb.people.middleware.LastSeen",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "ffweb.pages.middleware.TryAgain",
]

ROOT_URLCONF = "ffweb.urls"
ASGI_APPLICATION = "ffweb.asgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "ffweb.pages.context.frame",
            ],
        },
    }
]

# ── database ──────────────────────────────────────────────────────────────────────────────────────────────────────
DATABASE_URL = env.url("DATABASE_URL", "postgres://name:password@host:5432/ffweb") or (
    f"sqlite:///{HOME / 'ffweb.sqlite3'}"
)
DATABASES: dict[str, Any] = {"default": dj_database_url.parse(DATABASE_URL)}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE: a read-then-write in a deferred transaction fails at once ("database is locked"), whatever the timeout.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": sqlite.journal() + "PRAGMA cache_size=-16000;",
    }
    # In a file, not in memory: consumers read from threads of their own; shared in-memory tables lock each other out.
    DATABASES["default"]["TEST"] = {"NAME": str(HOME / "test.sqlite3")}
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    # A server that vanishes without a word is noticed in seconds, not after the quarter of an hour that TCP takes.
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 5,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 20_000,
    } | DATABASES["default"].get("OPTIONS", {})
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


# ── Redis: bells and live push, no truth ──────────────────────────────────────────────────────────────────────────
def channel_layers(redis_url: str) -> dict[str, Any]:
    """Channels' layer on the Redis at this URL; within one process where there is none."""
    if not redis_url:
        return {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    config = {"hosts": [redis_url], "prefix": "ffweb"}
    return {"default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": config}}


REDIS_URL = env.url("REDIS_URL", "redis://:password@host:6379/0")
CHANNEL_LAYERS = channel_layers(REDIS_URL)

# ── people ────────────────────────────────────────────────────────────────────────────────────────────────────────
AUTH_USER_MODEL = "people.User"
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "runs"
PASSWORD_HASHERS = [
    "ffweb.people.hashing.Argon2",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
if TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SESSION_ENGINE = "ffweb.people.sessions"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = PATH or "/"
if PATH:  # another site of the same host may be a Django site too
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "ffweb_session", "ffweb_csrf"
CSRF_COOKIE_HTTPONLY = False  # the page's own scripts send it back as X-CSRFToken

# ── security headers ──────────────────────────────────────────────────────────────────────────────────────────────
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if HTTPS:
    if not PROXIES:  # else the server itself asks the proxy (ffweb/serve/web.py)
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 30 * 24 * 3600
DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 20  # bytes: a config is a few kilobytes

# ── static files and artefacts ────────────────────────────────────────────────────────────────────────────────────
STATIC_URL = f"{PATH}/static/"
# Ninja is no installed app: only its pages of the API's documentation are wanted, not 12 MB in every worker.
_ninja = importlib.util.find_spec("ninja")
_ninja_folders = _ninja.submodule_search_locations if _ninja else None
STATICFILES_DIRS = [BASE_DIR / "static", *(Path(folder) / "static" for folder in _ninja_folders or ())]
STATIC_ROOT = HOME / "staticfiles"
STORAGES: dict[str, Any] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(RUNS_DIR)}},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or TESTING
        else "ffweb.pages.storage.HashedStaticFiles"
    },
}
WHITENOISE_USE_FINDERS = DEBUG or TESTING
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o600, 0o700  # collected files too: Django's is 0o644

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-gb"
USE_I18N = False

# ── limits ────────────────────────────────────────────────────────────────────────────────────────────────────────
MAX_QUEUED_PER_USER = 200
MAX_CONFIG_BYTES = 64 << 10
LEASE_SECONDS = 10.0
BEAT_SECONDS = 2.0
STOP_GRACE_SECONDS = 10.0

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "filters": {"masked": {"()": "ffweb.logs.Masked"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["masked"]}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "ffweb": {"level": "INFO"},
        "django": {"handlers": [], "level": "WARNING"},  # Django's own handlers would write past the filter
        "django.server": {"handlers": [], "propagate": True},
        "django.request": {"level": "ERROR"},
    },
}
DEFAULT_EXCEPTION_REPORTER = "ffweb.logs.Report"
# Said by our own check with the variable that mends it (ffweb/checks.py), or the business of who owns the domain:
# HSTS with subdomains and preloading; a redirect to https is the proxy's, whose own probes come by http.
SILENCED_SYSTEM_CHECKS = [f"security.W{number:03}" for number in (4, 5, 8, 10, 11, 12, 16, 18, 21)]
