"""Hashed static files: the scripts' imports are rewritten, however deep, and types in comments are left alone."""

from __future__ import annotations

from pathlib import Path

from django.conf import LazySettings
from django.core.management import call_command


def test_collectstatic_settles(settings: LazySettings, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for depth in range(9):
        (source / f"m{depth}.js").write_text(f'import {{ x }} from "./m{depth + 1}.js";\n')
    (source / "m9.js").write_text('/** @param {import("./m0.js").X} x */\nexport function x() {}\n')
    settings.STATICFILES_DIRS = [source]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = tmp_path / "out"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": "ffweb.pages.storage.HashedStaticFiles"}}
    call_command("collectstatic", interactive=False, verbosity=0)
    top = next(p for p in settings.STATIC_ROOT.glob("m0.*.js")).read_text()
    assert '"./m1.js"' not in top
    assert 'import("./m0.js")' in next(settings.STATIC_ROOT.glob("m9.*.js")).read_text()
