"""The images and the compose file, as far as they can be checked without Docker, and by Docker where there is one."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.waiting import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = ROOT / "docker" / "compose.yaml"
SCHEMA = json.loads((Path(__file__).parent / "data" / "compose-spec.json").read_text())
DOCKERFILES = ("docker/web.Dockerfile", "docker/worker.Dockerfile")


@pytest.fixture
def compose() -> dict[str, Any]:
    """The file with its variables filled in as Compose does."""
    text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", COMPOSE.read_text())
    text = re.sub(r"\$\{\w+(:\?[^}]*)?\}", "filled", text)
    content: dict[str, Any] = yaml.safe_load(text)
    return content


def test_it_follows_the_compose_specification(compose: dict[str, Any]) -> None:
    jsonschema.Draft7Validator(SCHEMA).validate(compose)
    if docker_compose("version").returncode == 0:  # then its own reader has the last word
        done = docker_compose("-f", str(COMPOSE), "--profile", "gpu", "config", "--quiet")
        assert done.returncode == 0, done.stderr


def docker_compose(*words: str) -> subprocess.CompletedProcess[str]:
    """Run `docker compose`; where there is none, it fails as an unknown command does."""
    if shutil.which("docker") is None:
        return subprocess.CompletedProcess(words, 127, "", "no docker")
    env = {**os.environ, "POSTGRES_PASSWORD": "filled"}
    command = ["docker", "compose", *words]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=PATIENCE, check=False)


def test_the_schema_refuses_what_is_wrong(compose: dict[str, Any]) -> None:
    compose["services"]["web"]["helthcheck"] = {}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(SCHEMA).validate(compose)


def test_what_it_names_is_there(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            assert how == {"condition": "service_healthy"}, name
            healthy = "healthcheck" in services[other] or "HEALTHCHECK" in dockerfile(services[other])
            assert healthy, f"{name} waits for {other}, which has no health check"
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in compose["volumes"]
        if "build" in service:
            assert service["init"] is True  # somebody has to reap what a killed worker leaves


def dockerfile(service: dict[str, Any]) -> str:
    return (ROOT / service["build"]["dockerfile"]).read_text() if "build" in service else ""


@pytest.mark.parametrize("path", DOCKERFILES)
def test_what_the_images_copy_is_in_the_context(path: str) -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for line in (ROOT / path).read_text().splitlines():
        if line.startswith("COPY "):
            *sources, _ = line.split()[1:]
            for source in sources:
                assert (ROOT / source).exists(), source
                assert source.split("/")[0] in kept, source


def test_the_web_image_has_no_torch_and_the_workers_chooses_it() -> None:
    web, worker = ((ROOT / path).read_text() for path in DOCKERFILES)
    assert "pip install --editable ." in web
    assert "train" not in re.sub(r"trainer", "", web)
    assert "ARG TORCH=cpu" in worker
    assert "whl/${TORCH}" in worker
    assert "USER ffweb" in web
    assert "USER ffweb" in worker
