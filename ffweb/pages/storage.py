"""Static files under hashed names, ES modules' imports included."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFiles(CompressedManifestStaticFilesStorage):
    """Imports in modules are rewritten too, else a browser would load the same module twice under two names."""

    support_js_module_import_aggregation = True
