"""Points of a page: what the cursor shows while it moves, and the point that a click pins, with cuts through it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from bokeh.events import MouseLeave, MouseMove, Tap
from bokeh.models import Div, InlineStyleSheet

from zdscan.analysis.explorer import look, points
from zdscan.analysis.explorer.figures import CutFigure
from zdscan.analysis.explorer.planes import Request
from zdscan.errors import UserError

if TYPE_CHECKING:
    from zdscan.analysis.explorer.page import Page

GLANCES = 40  # ms between two looks at the cursor
_INVITATION = (
    '<h3>Under the cursor</h3><p class="dim">Move over the plane: values, χ², width, the strongest constraints and '
    "the rows that are farthest off. Click for everything about a point. Wheel, drag and box zoom compute anew.</p>"
)
_CLICK = '<p class="dim">Click into the plane to see everything about a point.</p>'


class Pointing:
    """Cursor and pinned point of a page.

    Attributes
    ----------
    pinned : values of the point that was clicked; None before.
    cuts : the figures of the lines through it; cursor, point : what is told.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.pinned: dict[str, float] | None = None
        self.cuts = CutFigure("cut_x"), CutFigure("cut_y")
        full: dict[str, Any] = {
            "sizing_mode": "stretch_both",
            "stylesheets": [InlineStyleSheet(css=look.CSS)],
            "margin": 0,
        }
        self.cursor = Div(text=_INVITATION, name="cursor", **full)
        self.point = Div(text=_CLICK, name="point", styles=look.SCROLL, **full)
        self._glance: tuple[float, float] | None = None
        self._glancing = False
        plot = page.figure.figure
        plot.on_event(MouseMove, lambda event: self._moved(event.x, event.y))
        plot.on_event(MouseLeave, lambda event: self._moved(None, None))
        plot.on_event(Tap, lambda event: self.click(event.x, event.y))
        self.clear()

    def clear(self) -> None:
        """Forget the pinned point."""
        self.pinned, self.point.text = None, _CLICK
        self.page.figure.pin(None)
        self._show_cuts(None, None)

    def hold(self, name: str, value: float) -> None:
        """Move the pinned point along what does not lie along a side."""
        if self.pinned is not None and name not in (self.page.x, self.page.y):
            self.pinned[name] = value

    def values_at(self, place_x: float, place_y: float) -> dict[str, float] | None:
        """Mass and parameters at a place of the plane, with six digits; None outside."""
        page = self.page
        values = dict(page.held)
        for name, place in ((page.x, place_x), (page.y, place_y)):
            scale = page.view[name]
            low, high = scale.ends
            if not low <= place <= high:
                return None
            values[name] = min(max(float(f"{float(scale.values(place)):.6g}"), scale.low), scale.high)
        return values

    def _moved(self, x: float | None, y: float | None) -> None:
        """Note where the cursor is; of many places in a row only the last is looked at."""
        self._glance = None if x is None or y is None else (x, y)
        if not self._glancing:
            self._glancing = True
            self.page.document.add_timeout_callback(self._show_glance, GLANCES)

    def _show_glance(self) -> None:
        self._glancing = False
        page = self.page
        if self._glance is None or page.seen is None or len(page.seen.shown) != len(page.planes.constraints):
            return
        values = self.values_at(*self._glance)
        if values is not None:
            physics = page.planes.physics
            found = points.glance(page.planes, values, page.seen.shown)
            hbar = float(physics.model.constants["hbar"])
            self.cursor.text = look.cursor(found, physics.sm_chi2["all"], page.seen.reference, hbar)

    def click(self, place_x: float, place_y: float) -> None:
        """Pin a point: its table, its command, and cuts through it."""
        page, values = self.page, self.values_at(place_x, place_y)
        if values is None:
            return
        self.pinned = values
        page.figure.pin((place_x, place_y))
        page.mark()
        page.tabs.active = 1
        self.ask()

    def ask(self) -> None:
        """Have the pinned point and the cuts through it computed, if there is one."""
        if self.pinned is None:
            return
        page = self.page
        start, values, planes, settings = page.start, dict(self.pinned), page.planes, page.settings
        request = page.request()

        def job(wanted: Callable[[], bool]) -> None:
            result = points.whole(start, settings, values).to_dict()
            told: tuple[str, Sequence[str]]
            try:
                told = points.command(start, settings, values), ()
            except UserError as error:
                told = "", error.messages
            cuts = [points.cut(planes, request, values, name) for name in (request.x, request.y)]
            if wanted():
                page.later(lambda: self._show(values, look.point(result, *told), cuts, request))

        page.worker.ask("point", job)

    def _show(self, values: Mapping[str, float], told: str, cuts: Sequence[points.Cut], request: Request) -> None:
        if (request.x, request.y) == (self.page.x, self.page.y) and self.pinned is not None:
            self.point.text = told
            self._show_cuts(cuts, values)

    def _show_cuts(self, cuts: Sequence[points.Cut] | None, values: Mapping[str, float] | None) -> None:
        page = self.page
        names = page.planes.constraints
        shown = np.ones(len(names), dtype=bool) if page.seen is None else page.seen.shown
        for k, (figure, name) in enumerate(zip(self.cuts, (page.x, page.y), strict=True)):
            scale = page.view[name]
            at = 0.0 if values is None else float(scale.places(values[name]))
            cut = None if cuts is None or len(shown) != cuts[k].ratios.shape[1] else cuts[k]
            label = look.name_of(name) + (" [GeV]" if name == "mass" else "")
            figure.show(cut, scale, label, page.looks, names, shown, at)
