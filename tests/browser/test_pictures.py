"""Pictures of data keep their form: what is twice as wide as high is drawn so."""

from __future__ import annotations

import base64
import functools
import json
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import ROOT

FIND = """
async (png) => {
  const picture = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  const context = canvas.getContext("2d");
  context.drawImage(picture, 0, 0);
  const { data } = context.getImageData(0, 0, picture.width, picture.height);
  const xs = [], ys = [];
  for (let i = 0; i < picture.width * picture.height; i++) {
    if (data[4 * i] < 200 || data[4 * i + 1] > 50) continue;
    xs.push(i % picture.width);
    ys.push(Math.floor(i / picture.width));
  }
  return [Math.max(...xs) - Math.min(...xs) + 1, Math.max(...ys) - Math.min(...ys) + 1];
}
"""
"""Width and height of what is red in a picture of the page."""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def static() -> Iterator[str]:
    """The scripts and styles as they lie in the repository."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(ROOT / "static")))
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{http.server_address[1]}"
    http.shutdown()
    http.server_close()


@pytest.mark.parametrize(("height", "width"), [(8, 8), (4, 12), (12, 4), (1, 16)])
def test_a_mistake_is_drawn_in_the_form_of_its_picture(chromium: Browser, static: str, height: int, width: int) -> None:
    red = base64.b64encode(bytes([255, 0, 0] * (height * width))).decode()
    item = {"index": 0, "true": 0, "chosen": 1, "scores": [0.1, 0.9], "pixels": red}
    figure = json.dumps({"shape": [height, width, 3], "items": [item]})
    page = chromium.new_page(viewport={"width": 900, "height": 500})
    try:
        page.goto(f"{static}/css/")
        page.set_content(
            f'<link rel="stylesheet" href="{static}/css/tokens.css"><link rel="stylesheet" href="{static}/css/run.css">'
        )
        page.evaluate(
            """async ([base, figure]) => {
              const { mistakeList } = await import(`${base}/js/view/figures.js`);
              document.body.append(mistakeList(figure, ["a", "b"]));
            }""",
            [static, json.loads(figure)],
        )
        box = page.locator(".wrong canvas")
        found = page.evaluate(FIND, base64.b64encode(box.screenshot()).decode())
    finally:
        page.close()
    assert found[0] / found[1] == pytest.approx(width / height, rel=0.12)
    assert max(found) > 100
