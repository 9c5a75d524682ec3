"""Static files under hashed names, ES modules' imports included."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage  # type: ignore[import-untyped]


class HashedStaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise has no types
    """Imports in modules are rewritten too, else a browser would load the same module twice under two names."""

    support_js_module_import_aggregation = True
    max_post_process_passes = 20  # a pass carries new names one import up; the default of 5 is less than our depth

    def url_converter(self, name: str, hashed_files: Any, template: Any = None) -> Callable[[re.Match[str]], str]:
        """Leaves comments alone: types there (`import("./x.js").X`) name modules in circles, which never settle."""
        convert = super().url_converter(name, hashed_files, template)

        def outside_comments(match: re.Match[str]) -> str:
            before = match.string[: match.start()]
            return match[0] if before.rfind("/*") > before.rfind("*/") else convert(match)

        return outside_comments
