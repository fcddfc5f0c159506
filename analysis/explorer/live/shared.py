"""What the parts of a page may know of it; the page itself is `zdscan.analysis.explorer.live.page`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from bokeh.document import Document
from numpy.typing import NDArray

from zdscan.analysis.explorer.curves import Shapes
from zdscan.analysis.explorer.live.figures import PlaneFigure
from zdscan.analysis.explorer.planes import Plane, Planes, Request
from zdscan.analysis.explorer.scales import Scale
from zdscan.analysis.explorer.start import Start
from zdscan.analysis.explorer.worker import Worker
from zdscan.evaluation.settings import Settings


@dataclass(frozen=True)
class Seen:
    """A plane with what is drawn of it.

    Attributes
    ----------
    shown : bool[constraints], which of them count.
    reference : chi2 from which the regions are counted.
    """

    plane: Plane
    shapes: Shapes
    shown: NDArray[np.bool_]
    reference: float


class Shared(Protocol):
    """A page as its parts see it.

    Attributes
    ----------
    start, settings, planes : where it began, the settings now, and what computes with them.
    x, y : along the sides; view : the scales, with the ranges that are looked at; held : all values.
    seen : what is drawn; None before the first plane.
    looks : constraint -> number of its colour.
    """

    start: Start
    settings: Settings
    planes: Planes
    x: str
    y: str
    view: dict[str, Scale]
    held: dict[str, float]
    seen: Seen | None
    looks: dict[str, int]
    document: Document
    worker: Worker
    figure: PlaneFigure

    def request(self, coarse: bool = False) -> Request:
        """The plane that is looked at."""

    def later(self, call: Callable[[], None]) -> None:
        """Have the document's own thread call this."""

    def say(self, sentences: Iterable[str]) -> None:
        """Show what is wrong, or nothing."""

    def mark(self) -> None:
        """Show the best points and the pinned one."""

    def redraw(self) -> None:
        """Draw the same plane anew, for other things that are shown of it."""

    def choose_axes(self, x: str, y: str) -> None:
        """Put two quantities along the sides."""

    def set_value(self, name: str, value: float, dragged: bool) -> None:
        """Hold a quantity at another value."""

    def change_settings(self) -> None:
        """Compute with the settings that the controls have."""

    def show_point(self) -> None:
        """Bring the table of the pinned point to the front."""

    @property
    def controls(self) -> Any:
        """The controls (`zdscan.analysis.explorer.live.controls.Controls`)."""
