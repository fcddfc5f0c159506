"""The figures of the explorer in bokeh: the plane with its layers, and cuts through a point. They show, no more.

Axes are drawn in places (`zdscan.analysis.explorer.scales`), so that one kind of axis serves every scale.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from bokeh.models import (
    BoxZoomTool,
    ColorBar,
    ColumnDataSource,
    CrosshairTool,
    FixedTicker,
    LinearColorMapper,
    PanTool,
    Range1d,
    ResetTool,
    Span,
    WheelZoomTool,
)
from bokeh.plotting import figure
from numpy.typing import NDArray

from zdscan.analysis.explorer.curves import Area, Curve, Shapes
from zdscan.analysis.explorer.look import (
    AREAS,
    BORDER,
    DIAMOND,
    MANY,
    OTHERS,
    PIN,
    REGIONS,
    STAR,
    UNION,
    line_look,
)
from zdscan.analysis.explorer.planes import Plane
from zdscan.analysis.explorer.points import Cut
from zdscan.analysis.explorer.scales import Scale

Array = NDArray[np.float64]
_FONT = "Inter, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"
CHI2_TOP = 30.0  # of the colours of chi2
_NO_IMAGE: dict[str, list[Any]] = {"image": [], "x": [], "y": [], "dw": [], "dh": []}
CUT_TOP = 4.2  # decades above the limit


class PlaneFigure:
    """The plane: areas, curves, marks. `show` replaces everything that is drawn."""

    def __init__(self) -> None:
        self.x_range, self.y_range = Range1d(0.0, 1.0), Range1d(0.0, 1.0)
        wheel = WheelZoomTool()
        plot = self.figure = figure(
            x_range=self.x_range,
            y_range=self.y_range,
            tools=[PanTool(), wheel, BoxZoomTool(), ResetTool(), CrosshairTool(line_alpha=0.35)],
            sizing_mode="stretch_both",
            min_border=4,
            name="plane",
        )
        plot.toolbar.active_scroll = wheel
        plot.toolbar.logo = None
        plot.background_fill_color = "#ffffff"
        plot.outline_line_color = "#1c2733"
        for axis in (*plot.xaxis, *plot.yaxis):
            _style(axis)
        plot.grid.grid_line_alpha = 0.25
        self.chi2_colours = LinearColorMapper(palette="Cividis256", low=0.0, high=CHI2_TOP)
        self.chi2_colours.palette = list(reversed(list(self.chi2_colours.palette or ())))
        self._image, self._map = (ColumnDataSource(_NO_IMAGE, name=name) for name in ("image", "map"))
        place: dict[str, str] = {"x": "x", "y": "y", "dw": "dw", "dh": "dh"}
        plot.image(image="image", color_mapper=self.chi2_colours, level="image", source=self._image, **place)
        self._map_colours = LinearColorMapper(
            palette=[*AREAS, MANY], low=-0.5, high=len(AREAS) + 0.5, low_color="rgba(0,0,0,0)"
        )
        plot.image(image="image", color_mapper=self._map_colours, level="image", source=self._map, **place)
        self.bar = ColorBar(
            color_mapper=self.chi2_colours, title="Δχ²", width=9, padding=4, visible=False, major_label_text_font=_FONT
        )
        plot.add_layout(self.bar, "right")
        self._regions = [ColumnDataSource({"xs": [], "ys": []}) for _ in REGIONS]
        self.region_glyphs = [
            plot.multi_polygons(xs="xs", ys="ys", fill_color=colour, line_color="#173f63", line_width=1, source=source)
            for colour, source in zip(REGIONS, self._regions, strict=True)
        ]
        self._excluded = ColumnDataSource({"xs": [], "ys": []})
        self.excluded_glyph = plot.multi_polygons(
            xs="xs",
            ys="ys",
            fill_color=UNION,
            fill_alpha=0.15,
            line_color=None,
            source=self._excluded,
            hatch_pattern="right_diagonal_line",
            hatch_color=UNION,
            hatch_alpha=0.22,
            hatch_scale=11,
            hatch_weight=0.5,
        )
        self._border, self._grey = (ColumnDataSource({"xs": [], "ys": []}) for _ in "12")
        self._curves = ColumnDataSource(_no_curves(), name="curves")
        plot.multi_line(xs="xs", ys="ys", line_color=BORDER, line_width=5, line_alpha=0.3, source=self._border)
        plot.multi_line(xs="xs", ys="ys", line_color=OTHERS, line_width=0.8, source=self._grey)
        plot.multi_line(
            xs="xs", ys="ys", line_color="colour", line_dash="dash", line_width="width", source=self._curves
        )
        self._labels = ColumnDataSource({"x": [], "y": [], "text": [], "colour": []})
        plot.text(
            x="x",
            y="y",
            text="text",
            text_color="colour",
            text_font={"value": _FONT},
            text_font_size="11px",
            text_font_style="bold",
            text_align="center",
            text_baseline="middle",
            background_fill_color="#ffffff",
            background_fill_alpha=0.82,
            padding=2,
            source=self._labels,
        )
        self._marks = ColumnDataSource({"x": [], "y": [], "marker": [], "colour": [], "size": [], "edge": []})
        plot.scatter(
            x="x",
            y="y",
            marker="marker",
            fill_color="colour",
            size="size",
            line_color="edge",
            line_width=1.2,
            source=self._marks,
        )
        self._cuts = [
            Span(dimension=side, line_color=PIN, line_alpha=0.65, line_dash="dashed", visible=False)
            for side in ("height", "width")
        ]
        for span in self._cuts:
            plot.add_layout(span)

    def look_at(self, x: Scale, y: Scale, labels: tuple[str, str], widest: Mapping[str, tuple[float, float]]) -> None:
        """Show the ranges of two scales; `widest` are the places to which "x" and "y" can be widened."""
        plot = self.figure
        for scale, axis, shown, side in ((x, plot.xaxis[0], self.x_range, "x"), (y, plot.yaxis[0], self.y_range, "y")):
            low, high = scale.ends
            shown.bounds = widest[side]
            shown.update(start=low, end=high, reset_start=low, reset_end=high)
            set_ticks(axis, scale)
        plot.xaxis[0].axis_label, plot.yaxis[0].axis_label = labels

    def show(
        self,
        plane: Plane,
        shapes: Shapes,
        colours: str,
        looks: Mapping[str, int],
        names: Mapping[str, tuple[float, float]],
        reference: float,
        map_of: tuple[NDArray[np.int64], Mapping[int, tuple[float, float]]] | None,
    ) -> None:
        """Draw a plane.

        Parameters
        ----------
        colours : "regions", "chi2" or "strongest".
        looks : constraint -> number of its colour; others are grey.
        names : constraint -> place of its name.
        reference : chi2 from which the colours are counted.
        map_of : of `strongest_map`, for these colours.
        """
        x, y = plane.request.scales[plane.request.x], plane.request.scales[plane.request.y]
        set_ticks(self.figure.xaxis[0], x)
        set_ticks(self.figure.yaxis[0], y)
        for source, area, glyph in zip(self._regions, shapes.regions, self.region_glyphs, strict=True):
            source.data = polygons(area)
            glyph.glyph.fill_alpha = {"regions": 0.95, "chi2": 0.0, "strongest": 0.0}[colours]
        self._excluded.data = polygons(shapes.excluded if colours != "strongest" else [])
        self._border.data = lines(shapes.border)
        coloured = [curve for curve in shapes.curves if curve.name in looks and colours != "strongest"]
        self._grey.data = lines([line for curve in shapes.curves if curve not in coloured for line in curve.lines])
        self._curves.data = _curve_data(coloured, looks)
        self.bar.visible = colours == "chi2"
        self._image.data = (
            _image(plane.chi2 - np.float32(reference), plane.x, plane.y, x, y) if colours == "chi2" else _NO_IMAGE
        )
        if colours == "strongest" and map_of is not None:
            self._show_map(plane, *map_of, x, y)
        else:
            self._map.data = _NO_IMAGE
            self._labels.data = {
                "x": [place[0] for place in names.values()],
                "y": [place[1] for place in names.values()],
                "text": list(names),
                "colour": [line_look(looks[name])[0] for name in names],
            }

    def _show_map(
        self, plane: Plane, number: NDArray[np.int64], names: Mapping[int, tuple[float, float]], x: Scale, y: Scale
    ) -> None:
        colour_of = np.full(len(plane.constraints) + 1, len(AREAS), dtype=np.float32)
        colour_of[-1] = -1.0  # of -1, where nothing excludes
        for place, k in enumerate(list(names)[: len(AREAS)]):
            colour_of[k] = place
        self._map.data = _image(colour_of[number], plane.ratio_x, plane.ratio_y, x, y)
        told = [(k, place) for k, place in names.items() if self._free(k, place, names, x, y)]
        self._labels.data = {
            "x": [place[0] for _, place in told],
            "y": [place[1] for _, place in told],
            "text": [plane.constraints[k] for k, _ in told],
            "colour": ["#1c2733"] * len(told),
        }

    @staticmethod
    def _free(k: int, place: tuple[float, float], names: Mapping[int, tuple[float, float]], x: Scale, y: Scale) -> bool:
        """Whether no larger area has its name so near that the two would meet."""
        apart = 0.15 * (x.ends[1] - x.ends[0]), 0.045 * (y.ends[1] - y.ends[0])
        larger = list(names)[: list(names).index(k)]
        return all(abs(place[0] - names[n][0]) > apart[0] or abs(place[1] - names[n][1]) > apart[1] for n in larger)

    def mark(self, found: Sequence[tuple[str, tuple[float, float]]]) -> None:
        """Marks by kind ("best", "allowed", "grid") at places."""
        looks = {
            "best": ("star", STAR, 17, "#000000"),
            "allowed": ("diamond", DIAMOND, 11, "#ffffff"),
            "grid": ("star", "#ffffff", 15, "#000000"),
            "pin": ("circle_cross", "rgba(0,0,0,0)", 15, PIN),
        }
        columns = [looks[kind] for kind, _ in found]
        self._marks.data = {
            "x": [place[0] for _, place in found],
            "y": [place[1] for _, place in found],
            **{key: [look[k] for look in columns] for k, key in enumerate(("marker", "colour", "size", "edge"))},
        }

    def pin(self, place: tuple[float, float] | None) -> None:
        """The lines of the cuts through a place; none without."""
        for span, at in zip(self._cuts, place or (None, None), strict=True):
            span.update(location=at, visible=at is not None)


class CutFigure:
    """A cut: chi2 above, and ratios of the strongest constraints against a line at 1."""

    def __init__(self, name: str) -> None:
        self.range = Range1d(0.0, 1.0)
        self.chi2_range, self.ratio_range = Range1d(0.0, 1.0), Range1d(-3.0, CUT_TOP)
        plot = self.figure = figure(
            x_range=self.range,
            y_range=self.ratio_range,
            tools="",
            toolbar_location=None,
            sizing_mode="stretch_both",
            min_border=2,
            name=name,
        )
        plot.extra_y_ranges = {"chi2": self.chi2_range}
        self._shade, self._lines = ColumnDataSource({"x": [], "y": []}), ColumnDataSource(_no_curves())
        self._chi2 = ColumnDataSource({"x": [], "y": []})
        plot.add_layout(Span(location=0.0, dimension="width", line_color="#000000", line_width=1))
        plot.varea(x="x", y1=0.0, y2="y", fill_color=UNION, fill_alpha=0.22, source=self._shade)
        plot.multi_line(xs="xs", ys="ys", line_color="colour", line_dash="dash", line_width="width", source=self._lines)
        plot.line(
            x="x",
            y="y",
            y_range_name="chi2",
            line_color="#000000",
            line_width=1.6,
            line_dash="dotted",
            source=self._chi2,
        )
        self._here = Span(dimension="height", line_color=PIN, line_dash="dashed", visible=False)
        plot.add_layout(self._here)
        for axis in (*plot.xaxis, *plot.yaxis):
            _style(axis)
        plot.yaxis[0].axis_label = "ratio"
        plot.yaxis[0].ticker = FixedTicker(ticks=[-2, 0, 2, 4])
        plot.yaxis[0].major_label_overrides = {-2: "0.01", 0: "1", 2: "100", 4: "10⁴"}
        plot.grid.grid_line_alpha = 0.2
        plot.title.text_font, plot.title.text_font_size, plot.title.text_font_style = _FONT, "11px", "normal"

    def show(
        self,
        cut: Cut | None,
        scale: Scale,
        label: str,
        looks: Mapping[str, int],
        names: Sequence[str],
        shown: NDArray[np.bool_],
        at: float,
    ) -> None:
        """Draw a cut; without one, an invitation."""
        set_ticks(self.figure.xaxis[0], scale, 5)
        self.figure.xaxis[0].axis_label = label
        low, high = scale.ends
        self.range.update(start=low, end=high)
        if cut is None:
            self.figure.title.text = "Click into the plane: cuts through the point appear here"
            self._lines.data, self._here.visible = _no_curves(), False
            self._shade.data = self._chi2.data = {"x": [], "y": []}
            return
        self.figure.title.text = "ratios of constraints (coloured), χ² (dotted)"
        x = scale.places(cut.values)
        logs = np.clip(np.log10(np.maximum(cut.ratios, 1e-9)), -9.0, 9.0)
        wanted = [k for k, name in enumerate(names) if name in looks and shown[k] and logs[:, k].max() > -3.0]
        self._lines.data = {
            "xs": [x for _ in wanted],
            "ys": [np.where(logs[:, k] <= -9.0, np.nan, logs[:, k]) for k in wanted],
            "colour": [line_look(looks[names[k]])[0] for k in wanted],
            "dash": [line_look(looks[names[k]])[1] for k in wanted],
            "width": [1.5] * len(wanted),
        }
        largest = np.where(shown, logs, -9.0).max(axis=1)
        self._shade.data = {"x": x, "y": np.where(largest >= 0.0, CUT_TOP, 0.0)}
        self._chi2.data = {"x": x, "y": cut.chi2}
        lowest = float(cut.chi2.min())
        self.chi2_range.update(start=lowest - 5.0, end=min(float(cut.chi2.max()), lowest + 60.0) + 5.0)
        self._here.update(location=at, visible=True)


def set_ticks(axis: Any, scale: Scale, most: int = 9) -> None:
    """Ticks of a scale on an axis that is drawn in places, with so many numbers at most."""
    if axis.tags == [repr(scale)]:
        return  # as they are: models that are made anew cost time in every frame
    axis.tags = [repr(scale)]
    places, labels = scale.ticks(most)
    axis.ticker = FixedTicker(ticks=places, minor_ticks=scale.minor_ticks())
    axis.major_label_overrides = dict(zip(places, labels, strict=True))


def polygons(area: Area) -> dict[str, list[Any]]:
    """An area as a source of `multi_polygons`, one row."""
    if not area:
        return {"xs": [], "ys": []}
    return {
        "xs": [[[ring[:, 0] for ring in polygon] for polygon in area]],
        "ys": [[[ring[:, 1] for ring in polygon] for polygon in area]],
    }


def lines(found: Sequence[Array]) -> dict[str, list[Any]]:
    """Lines as a source of `multi_line`."""
    return {"xs": [line[:, 0] for line in found], "ys": [line[:, 1] for line in found]}


def _no_curves() -> dict[str, list[Any]]:
    return {"xs": [], "ys": [], "colour": [], "dash": [], "width": []}


def _curve_data(curves: Sequence[Curve], looks: Mapping[str, int]) -> dict[str, list[Any]]:
    pieces = [(line, *line_look(looks[curve.name])) for curve in curves for line in curve.lines]
    return {
        **lines([line for line, _, _ in pieces]),
        "colour": [colour for _, colour, _ in pieces],
        "dash": [dash for _, _, dash in pieces],
        "width": [2.0] * len(pieces),
    }


def _image(values: NDArray[np.float32], x: Array, y: Array, x_scale: Scale, y_scale: Scale) -> dict[str, list[Any]]:
    """A source of `image` whose cells have the points in their middles."""
    u, v = x_scale.places(x), y_scale.places(y)
    du, dv = (u[-1] - u[0]) / (len(u) - 1), (v[-1] - v[0]) / (len(v) - 1)
    return {
        "image": [np.ascontiguousarray(values, dtype=np.float32)],
        "x": [float(u[0] - du / 2)],
        "y": [float(v[0] - dv / 2)],
        "dw": [float(u[-1] - u[0] + du)],
        "dh": [float(v[-1] - v[0] + dv)],
    }


def _style(axis: Any) -> None:
    axis.axis_label_text_font = axis.major_label_text_font = _FONT
    axis.axis_label_text_font_style = "normal"
    axis.axis_label_text_font_size, axis.major_label_text_font_size = "14px", "12px"
    axis.major_tick_in, axis.major_tick_out, axis.minor_tick_in, axis.minor_tick_out = 6, 0, 3, 0
