"""The tab of the explorer from which figures, tables and scan files are taken away as downloads of the browser."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bokeh.layouts import column, row
from bokeh.models import Button, ColumnDataSource, CustomJS, Div, Select

from zdscan.analysis.explorer import exports
from zdscan.errors import UserError

if TYPE_CHECKING:
    from zdscan.analysis.explorer.page import Page

# The bytes come as text in a source; the browser makes a file of them.
_SAVE = """
const name = cb_obj.data["name"][0];
if (name) {
  const bytes = Uint8Array.from(atob(cb_obj.data["base64"][0]), c => c.charCodeAt(0));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes], {type: cb_obj.data["type"][0]}));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
"""
_TYPES = {"pdf": "application/pdf", "png": "image/png", "svg": "image/svg+xml", "csv": "text/csv", "toml": "text/plain"}


class Taking:
    """Buttons and what they make; the work is done by the page's worker."""

    def __init__(self, page: Page) -> None:
        self.page = page
        wide: dict[str, Any] = {"sizing_mode": "stretch_width"}
        self.kind = Select(
            title="picture", value="summary", options=list(exports.FIGURES.items()), name="export_kind", **wide
        )
        self.format = Select(title="format", value="pdf", options=list(exports.FORMATS), width=80, name="export_format")
        self.buttons = {
            "figure": Button(label="Publication figure", button_type="primary", name="export_figure", **wide),
            "points": Button(label="Points of the plane (CSV)", name="export_points", **wide),
            "limits": Button(label="Limit curves, solved at each mass (CSV)", name="export_limits", **wide),
            "scan": Button(label="Scan file that makes this plane", name="export_scan", **wide),
        }
        for what, button in self.buttons.items():
            button.on_click(lambda what=what: self.take(what))
        self.source = ColumnDataSource({"name": [""], "type": [""], "base64": [""]}, name="download")
        self.source.js_on_change("data", CustomJS(code=_SAVE))
        self.said = Div(text="", tags=[self.source], **wide)  # the source belongs to the document through it
        note = Div(
            text="Figures are drawn by the code of <tt>zdscan plot</tt> from 200 × 200 points of this plane.", **wide
        )
        self.widget = column(
            row(self.kind, self.format, **wide),
            *self.buttons.values(),
            note,
            self.said,
            sizing_mode="stretch_both",
            name="export",
        )

    def take(self, what: str) -> None:
        """Make a file in the background and have the browser save it."""
        page, began = self.page, time.monotonic()
        if page.seen is None:
            return
        jobs: dict[str, Callable[[], tuple[str, bytes]]] = {
            "figure": self._figure,
            "points": self._points,
            "limits": self._limits,
            "scan": self._scan,
        }
        make = jobs[what]
        page.say(())
        self.said.text = f"making {what} …"

        def job(wanted: Callable[[], bool]) -> None:
            try:
                name, content = make()
            except UserError:
                page.later(lambda: self._tell(""))
                raise
            encoded = base64.b64encode(content).decode()
            data = {"name": [name], "type": [_TYPES[name.rpartition(".")[2]]], "base64": [encoded]}
            size = f"{name}, {len(content) / 1000:.0f} kB, {time.monotonic() - began:.1f} s"
            page.later(lambda: self._hand_over(data, size))

        page.worker.ask("export", job)

    def _tell(self, text: str) -> None:
        self.said.text = text

    def _hand_over(self, data: dict[str, list[str]], size: str) -> None:
        self.source.data = data
        self._tell(f"saved {size}")

    @property
    def _stem(self) -> str:
        return f"{self.page.start.case.name}_{self.page.x}_{self.page.y}".replace(" ", "_").replace("/", "_")

    def _constraints(self) -> list[str]:
        seen = self.page.seen
        assert seen is not None
        return [name for name, on in zip(seen.plane.constraints, seen.shown.tolist(), strict=True) if on]

    def _figure(self) -> tuple[str, bytes]:
        page, kind, suffix = self.page, str(self.kind.value), str(self.format.value)
        seen = page.seen
        assert seen is not None
        reference = None if page.controls.reference.value == "plane" else seen.reference
        content = exports.figure(
            page.planes.physics,
            page.request(),
            kind,
            suffix,
            self._constraints() or (),
            reference,
            colours=page.controls.colours.active == 1,
        )
        return f"{self._stem}.{suffix}", content

    def _points(self) -> tuple[str, bytes]:
        seen = self.page.seen
        assert seen is not None
        return f"{self._stem}.csv", exports.plane_csv(seen.plane, seen.shown, seen.reference).encode()

    def _limits(self) -> tuple[str, bytes]:
        page = self.page
        return f"{self._stem}_limits.csv", exports.limits_csv(page.planes.physics, page.request()).encode()

    def _scan(self) -> tuple[str, bytes]:
        page, chosen = self.page, self._constraints()
        every = len(chosen) == len(page.planes.constraints)
        text = exports.scan_text(page.start, page.settings, page.request(), None if every else chosen)
        return f"{self._stem}.toml", text.encode()
