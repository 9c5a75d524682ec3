"""Where data sets are looked for and where they are downloaded to. Imports no torch."""

from __future__ import annotations

import os
from pathlib import Path


def download_folder() -> Path:
    """`FFWEB_HOME/datasets`; made only when something is downloaded."""
    return Path(os.environ.get("FFWEB_HOME") or "var") / "datasets"


def named_folders() -> list[Path]:
    """The folders of `FFWEB_DATASETS`, which are only read."""
    return [Path(part) for part in os.environ.get("FFWEB_DATASETS", "").split(os.pathsep) if part.strip()]


def read_folders() -> list[Path]:
    """The folders of `FFWEB_DATASETS`, then the download folder; searched in this order."""
    return [*named_folders(), download_folder()]


def remedy(what: str) -> str:
    """The sentence that says where `what` would be found; every error about a missing data set ends with it."""
    named = os.environ.get("FFWEB_DATASETS", "").strip()
    state = f"now {named}" if named else "not set now"
    return f"Put {what} into a folder of FFWEB_DATASETS ({state}) or into {download_folder()}"
