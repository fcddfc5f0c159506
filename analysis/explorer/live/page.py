"""A page of the explorer: what is looked at, what has to be computed for it, and showing it when it is there."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from bokeh.document import Document
from bokeh.events import RangesUpdate, Reset
from bokeh.models import Div, InlineStyleSheet, TabPanel, Tabs
from numpy.typing import NDArray

from zdscan.analysis.explorer import look
from zdscan.analysis.explorer.curves import shapes, spread_labels, strongest_map
from zdscan.analysis.explorer.live.controls import COLOURS, Controls
from zdscan.analysis.explorer.live.figures import PlaneFigure
from zdscan.analysis.explorer.live.pointing import Pointing
from zdscan.analysis.explorer.live.shared import Seen
from zdscan.analysis.explorer.live.taking import Taking
from zdscan.analysis.explorer.planes import Plane, Planes, Request, Superseded
from zdscan.analysis.explorer.scales import Scale
from zdscan.analysis.explorer.start import Start
from zdscan.analysis.explorer.worker import Worker
from zdscan.constraints import available, installed
from zdscan.errors import UserError, no_such
from zdscan.physics.parameters import MASS_RANGE

STILL = 350  # ms after the last coarse plane until the fine one is computed
PATIENCE = 0.4  # s before a bar shows how far the work is
SMALLEST = 1e-15  # of a coupling on a logarithmic axis


class Page:
    """The explorer in one document of bokeh, which is one open page of the browser."""

    def __init__(self, start: Start, document: Document, planes: Planes | None = None) -> None:
        self.start, self.document = start, document
        self.settings = start.settings
        self.planes = planes or Planes(start.physics())
        self.x, self.y = start.x, start.y
        self.view: dict[str, Scale] = dict(start.scales)
        self.held = {name: float(value) for name, value in start.held.items()}
        self.seen: Seen | None = None
        self.looks: dict[str, int] = {}
        self._still: Any = None
        self._drawn = threading.Event()
        self._closed = False
        self._said, self._work = "", look.work("tables of masses are made", None)
        self.worker = Worker(self._failed)
        self.controls = Controls(start, self)
        self.figure = PlaneFigure()
        sheet = InlineStyleSheet(css=look.CSS)
        full: dict[str, Any] = {"sizing_mode": "stretch_both", "stylesheets": [sheet], "margin": 0}
        self.head = Div(
            text=look.head(start.title, start.notes),
            name="head",
            stylesheets=[sheet],
            margin=0,
            sizing_mode="stretch_width",
        )
        self.status = Div(
            text=self._work,
            name="status",
            stylesheets=[sheet],
            margin=0,
            sizing_mode="stretch_width",
        )
        self.legend = Div(name="legend", styles=look.SCROLL, **full)
        self.taking = Taking(self)
        self.pointing = Pointing(self)
        self.tabs = Tabs(
            tabs=[
                TabPanel(child=self.legend, title="Limits"),
                TabPanel(child=self.pointing.point, title="Point"),
                TabPanel(child=self.taking.widget, title="Export"),
            ],
            sizing_mode="stretch_both",
            name="tabs",
        )
        self._connect()
        self._look_at_view()
        self.controls.held_visible(self.x, self.y)
        document.title = f"zdscan explore: {start.title}"
        document.template = look.PAGE
        for part in (
            self.head,
            self.status,
            self.controls.axes,
            self.controls.sliders,
            self.controls.shown,
            self.controls.settings,
            self.figure.figure,
            self.pointing.cuts[0].figure,
            self.pointing.cuts[1].figure,
            self.pointing.cursor,
            self.tabs,
        ):
            document.add_root(part)
        document.on_session_destroyed(self._close)
        self.ask()

    def _connect(self) -> None:
        plot = self.figure.figure
        plot.on_event(RangesUpdate, self._zoomed)
        plot.on_event(Reset, lambda event: self._reset())

    def _close(self, context: Any) -> None:
        self._closed = True
        self._drawn.set()
        self.worker.end()

    # --- what the controls say -------------------------------------------------------------------------------------

    def choose_axes(self, x: str, y: str) -> None:
        """Put two quantities along the sides; where both are the same, the two change places."""
        if (x, y) == (self.x, self.y):
            return
        if x == y:
            x, y = (x, self.x) if x != self.x else (self.y, y)
            if x == y:
                self.say([f"x and y are both {x}; choose two different axes."])
                return
        self.x, self.y = x, y
        self.controls.x.value, self.controls.y.value = x, y
        self.view = dict(self.start.scales)
        self.controls.held_visible(x, y)
        self._look_at_view()
        self.pointing.clear()
        self.ask()

    def set_value(self, name: str, value: float, dragged: bool) -> None:
        """Hold a quantity at another value."""
        if fault := self._fault(name, value):
            self.say([fault])
            self.controls.by_name[name].set(self.held[name])
            return
        self.say(())
        if not dragged:
            self.controls.by_name[name].set(value)
        self.held[name] = value
        self.pointing.hold(name, value)
        self.ask(coarse=dragged)

    def _fault(self, name: str, value: float) -> str | None:
        """What is wrong with a value, in a sentence."""
        if value != value:
            return f"{name} must be a number, such as 1e-4."
        if name == "mass":
            low, high = MASS_RANGE
            return None if low <= value <= high else f"mass is {value:g} GeV; zdscan covers {low:g} to {high:g} GeV."
        fault = self.start.case.parameters[name].fault(value, value)
        return f"{name} {fault}." if fault else None

    def change_settings(self) -> None:
        """Compute with the settings that the controls have."""
        try:
            chosen = self.controls.chosen_settings()
            planes = Planes(self.start.physics(chosen))
        except UserError as error:
            self.say(error.messages)
            return
        self.say(())
        self.settings, self.planes = chosen, planes
        self.ask()

    def shown(self) -> NDArray[np.bool_]:
        """Which constraints count, by the groups that are pressed and the ids that are taken away."""
        controls = self.controls
        pressed = {controls.group_names[k] for k in controls.groups.active}
        away = {name.strip() for name in str(controls.without.value).split(",") if name.strip()}
        known = {constraint.id for constraint in self.planes.physics.constraints}
        if unknown := sorted(away - known):
            self.say([f"There is {no_such('constraint', unknown[0], sorted(known))}."])
        every = {*available(), *installed()}
        groups = [
            constraint.group if constraint.id in every else "own" for constraint in self.planes.physics.constraints
        ]
        constraints = self.planes.physics.constraints
        return np.array(
            [
                (group in pressed or group not in controls.group_names) and item.id not in away
                for item, group in zip(constraints, groups, strict=True)
            ],
            dtype=bool,
        ).reshape(len(constraints))

    # --- computing ---------------------------------------------------------------------------------------------------

    def request(self, coarse: bool = False) -> Request:
        """The plane that is looked at."""
        return Request(self.x, self.y, dict(self.view), dict(self.held), coarse=coarse)

    def ask(self, coarse: bool = False) -> None:
        """Have the plane computed: coarse at once while something moves, fine when it is still."""
        self._when_still(False)
        planes, request, began = self.planes, self.request(coarse), time.monotonic()
        self.worker.ask("plane", lambda wanted: self._compute(planes, request, began, wanted))

    def _when_still(self, moving: bool) -> None:
        if self._still is not None:
            self.document.remove_timeout_callback(self._still)
            self._still = None
        if moving:
            self._still = self.document.add_timeout_callback(self._now_still, STILL)

    def _now_still(self) -> None:
        self._still = None
        self.ask()

    def _compute(self, planes: Planes, request: Request, began: float, wanted: Callable[[], bool]) -> None:
        try:
            plane = planes.compute(request, self._progress("computing", began), wanted)
        except Superseded:
            return
        finally:
            if self.seen is None or time.monotonic() - began > PATIENCE:
                self.later(lambda: self._show_work("", None))
        self._drawn.clear()
        self.later(lambda: self._arrived(plane, began))
        self._drawn.wait(5.0)  # the browser's turn, before anything else is computed

    def _progress(self, what: str, began: float) -> Callable[[str, float], None]:
        last = [began]

        def tell(of: str, fraction: float) -> None:
            now = time.monotonic()
            if now - began > PATIENCE and now - last[0] > 0.1:
                last[0] = now
                self.later(lambda: self._show_work(f"{what}: {of}", fraction))

        return tell

    def later(self, call: Callable[[], None]) -> None:
        """Have the document's own thread call this."""
        if not self._closed:
            try:
                self.document.add_next_tick_callback(call)
            except (AttributeError, RuntimeError):  # the page was closed in this moment, and bokeh took it apart
                self._close(None)

    def _failed(self, error: BaseException) -> None:
        said = error.messages if isinstance(error, UserError) else (f"This could not be computed: {error}.",)
        self.later(lambda: self.say(said))

    # --- showing -----------------------------------------------------------------------------------------------------

    def _arrived(self, plane: Plane, began: float) -> None:
        try:
            if (plane.request.x, plane.request.y) == (self.x, self.y):
                self.draw(plane)
                if plane.request.coarse and self.worker.idle_of("plane"):
                    self._when_still(True)
                elif not plane.request.coarse:
                    self.pointing.ask()
        finally:
            self._drawn.set()

    def redraw(self) -> None:
        """Draw the same plane anew, for other things that are shown of it."""
        self.say(())
        if self.seen is not None:
            self.draw(self.seen.plane)
            self.pointing.ask()

    def reference(self, plane: Plane) -> float:
        """chi2 from which regions are counted."""
        chosen = self.controls.reference.value
        if chosen == "grid" and self.start.reference is not None:
            return self.start.reference
        return self.planes.physics.sm_chi2["all"] if chosen == "sm" else plane.best[2]

    def draw(self, plane: Plane) -> None:
        """Show a plane with all that belongs to it."""
        shown, reference = self.shown(), self.reference(plane)
        if len(shown) != len(plane.constraints):
            return  # of other settings; the next is on its way
        found = shapes(plane, shown, reference)
        self.seen = Seen(plane, found, shown, reference)
        colours = list(COLOURS)[self.controls.colours.active]
        self._choose_looks([curve.name for curve in found.curves[: int(self.controls.names.value)]])
        coloured = [curve for curve in found.curves if curve.name in self.looks]
        x, y = (plane.request.scales[name].ends for name in (plane.request.x, plane.request.y))
        names = spread_labels(coloured, {"x": x, "y": y})
        of_map = strongest_map(plane, shown) if colours == "strongest" else None
        self.figure.show(plane, found, colours, self.looks, names, reference, of_map)
        self.mark()
        physics = self.planes.physics
        by_id = {item.id: item for item in physics.constraints}
        listed = {curve.name: look.line_look(self.looks[curve.name]) for curve in coloured}
        grey = [curve.name for curve in found.curves if curve.name not in self.looks]
        told = look.legend(listed, by_id, grey, found.everywhere, physics.level)
        self.legend.text = self._marks_told(plane, shown) + told

    def _choose_looks(self, wanted: list[str]) -> None:
        """Keep the colours that curves have; new ones take what is free."""
        kept = {name: number for name, number in self.looks.items() if name in wanted}
        free = (number for number in range(len(wanted) + len(kept)) if number not in kept.values())
        self.looks = kept | {name: next(free) for name in wanted if name not in kept}

    def mark(self) -> None:
        """Show the best points and the pinned one."""
        if self.seen is None:
            return
        plane, shown, pinned = self.seen.plane, self.seen.shown, self.pointing.pinned
        marks = [("best", plane.best[:2])]
        allowed = plane.best_allowed(shown)
        if allowed is not None:
            marks.append(("allowed", allowed[:2]))
        if self.start.best is not None:
            marks.append(("grid", (self.start.best[self.x], self.start.best[self.y])))
        if pinned is not None:
            marks.append(("pin", (pinned[self.x], pinned[self.y])))
        x, y = plane.request.scales[plane.request.x], plane.request.scales[plane.request.y]
        placed = [
            (kind, (float(x.places(a)), float(y.places(b))))
            for kind, (a, b) in marks
            if x.low <= a <= x.high and y.low <= b <= y.high
        ]
        self.figure.mark(placed)

    def _marks_told(self, plane: Plane, shown: NDArray[np.bool_]) -> str:
        """The legend of the marks and regions."""
        a, b, chi2 = plane.best
        sm = self.planes.physics.sm_chi2["all"]

        def where(u: float, v: float) -> str:
            return f"{look.name_of(self.x)} {look.number(u)}, {look.name_of(self.y)} {look.number(v)}"

        allowed = plane.best_allowed(shown)
        rows = [("★ best", where(a, b), look.chi2_text(chi2))]
        rows.append(
            ("◆ best allowed", where(*allowed[:2]), look.chi2_text(allowed[2]))
            if allowed
            else ("◆ best allowed", "no point of this plane", "")
        )
        if self.start.reference is not None and self.start.best is not None:
            rows.append(
                (
                    "☆ of the grid",
                    where(self.start.best[self.x], self.start.best[self.y]),
                    f"{self.start.reference:.2f}",
                )
            )
        rows.append(("SM", "", f"{sm:.2f}"))
        told = look.table(("", "", "χ²"), rows, text=(1,))
        regions = "blue: 1, 2, 3 σ (two parameters) · hatched: excluded · thick line: where that begins"
        return f'<h3>Fit, {int(shown.sum())} constraints</h3>{told}<p class="dim">{regions}</p>'

    def _look_at_view(self) -> None:
        descriptions = self.start.case.parameters.descriptions
        labels = tuple(look.on_axis(name, descriptions[name][1]) for name in (self.x, self.y))
        self.figure.look_at(
            self.view[self.x],
            self.view[self.y],
            (labels[0], labels[1]),
            {"x": self._widest(self.x), "y": self._widest(self.y)},
        )

    def _widest(self, name: str) -> tuple[float, float]:
        """The places to which an axis can be widened."""
        scale = self.start.scales[name]
        parameter = self.start.case.parameters[name]
        low, high = MASS_RANGE if name == "mass" else (parameter.low, parameter.high)
        if scale.kind == "log":
            low = max(low, SMALLEST)
        first, last = scale.places([low, high]).tolist()
        return min(first, scale.ends[0]), max(last, scale.ends[1])

    def _zoomed(self, event: Any) -> None:
        for name, low, high in ((self.x, event.x0, event.x1), (self.y, event.y0, event.y1)):
            scale, widest = self.start.scales[name], self._widest(name)
            first, last = max(min(low, high), widest[0]), min(max(low, high), widest[1])
            if last - first > 1e-6:
                part = scale.within(first, last)
                if name == "mass":
                    part = dataclasses.replace(
                        part, low=max(part.low, MASS_RANGE[0]), high=min(part.high, MASS_RANGE[1])
                    )
                self.view[name] = part
        self._when_still(moving=True)

    def _reset(self) -> None:
        self.view = dict(self.start.scales)
        self._look_at_view()
        self.ask()

    def show_point(self) -> None:
        """Bring the table of the pinned point to the front."""
        self.tabs.active = 1

    def say(self, sentences: Iterable[str]) -> None:
        """Show what is wrong, or nothing."""
        self._said = look.fault(sentences)
        self.status.text = self._said or self._work

    def _show_work(self, what: str, fraction: float | None) -> None:
        self._work = look.work(what, fraction)
        self.status.text = self._said or self._work  # what is wrong stays until something is right
