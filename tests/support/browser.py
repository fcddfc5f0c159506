"""A headless browser for tests and measurements of the explorer: the Chromium of the system, driven by playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LOADED = 120_000  # ms: a server that still compiles kernels answers late
# Resolves when the next plane is drawn: the source of the limit curves changed and the browser had time to paint it.
DRAG = """
async ([name, place]) => {
  const document_ = Bokeh.documents[0];
  const slider = document_.get_model_by_name(name);
  const curves = document_.get_model_by_name("curves");
  const before = performance.now();
  const drawn = new Promise(done => {
    const seen = () => {
      curves.change.disconnect(seen);
      requestAnimationFrame(() => setTimeout(() => done(performance.now() - before)));
    };
    curves.properties.data.change.connect(seen);
  });
  slider.value = place;
  return await drawn;
}
"""


def missing() -> str:
    """Why there is no browser to drive, in a sentence; empty where there is one."""
    if find_spec("bokeh") is None:
        return "bokeh is not installed (extra explore)"
    if find_spec("playwright") is None:
        return "playwright is not installed (extra browser)"
    return "" if executable() else "there is no Chromium on this machine"


def executable() -> str | None:
    """The path of the system's Chromium."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def page(url: str, width: int = 1280, height: int = 800) -> Iterator[Any]:
    """An open page of playwright, with its complaints in `faults` and requests to others in `foreign`."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable(), args=["--no-sandbox"])
        opened = browser.new_page(viewport={"width": width, "height": height}, accept_downloads=True)
        opened.faults, opened.foreign = [], []
        opened.on("pageerror", lambda error: opened.faults.append(str(error)))
        opened.on("console", lambda said: opened.faults.append(said.text) if said.type == "error" else None)
        opened.on("request", lambda asked: None if "//127.0.0.1" in asked.url else opened.foreign.append(asked.url))
        opened.goto(url, timeout=LOADED)
        try:
            yield opened
        finally:
            browser.close()


def drag(opened: Any, slider: str, place: float) -> float:
    """Move a slider by its model, as a drag does, and wait until the plane is drawn; returns the milliseconds."""
    return float(opened.evaluate(DRAG, [slider, place]))
