"""The controls of the explorer: axes, sliders, what is shown, settings. Each tells the page that something changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from bokeh.layouts import column, row
from bokeh.models import (
    Button,
    CheckboxButtonGroup,
    CustomJS,
    CustomJSTickFormatter,
    Div,
    InlineStyleSheet,
    RadioButtonGroup,
    Select,
    Slider,
    TextInput,
)

from zdscan.analysis.explorer.live.shared import Shared
from zdscan.analysis.explorer.look import name_of
from zdscan.analysis.explorer.scales import Scale
from zdscan.analysis.explorer.start import Start
from zdscan.constraints import GROUPS
from zdscan.evaluation.settings import SETTINGS, Settings
from zdscan.physics.cases import case_names

STEPS = 400  # of a slider
COLOURS = {"regions": "regions", "chi2": "χ²", "strongest": "strongest"}
_NEVER = ("constraints",)  # settings with controls of their own
_HEADING = "font-size:11px;letter-spacing:.06em;text-transform:uppercase;color:#5b6b7b;margin:6px 0 0"
# The value of a place, as `Scale.values` has it, in at most four digits.
_WRITTEN = """
const x = kind == "log" ? 10 ** tick : kind == "symlog" ? below * Math.sinh(tick * Math.LN10) : tick;
if (Math.abs(tick) < step / 2 && kind == "symlog") return "0";
return Math.abs(x) >= 1e-3 && Math.abs(x) < 1e4 ? x.toPrecision(4) : x.toExponential(3);
"""
_TIGHT = (
    ":host { font-family: Inter, 'Segoe UI', Arial, sans-serif; font-size: 12.5px; } .bk-input { height: 26px; "
    "min-height: 26px; padding: 2px 6px; } .bk-btn { padding: 3px 7px; font-size: 12px; } "
    ".bk-input-group > label { font-size: 11.5px; color: #43515e; margin-bottom: 0; } "
    ".noUi-connect { background: #0072b2; }"
)


def _tight() -> InlineStyleSheet:
    """A sheet of its own for each widget: bokeh lets no model belong to two pages."""
    return InlineStyleSheet(css=_TIGHT)


def _heading(text: str) -> Div:
    return Div(text=f'<div style="{_HEADING}">{text}</div>', sizing_mode="stretch_width", margin=(0, 0, 0, 0))


class QuantitySlider:
    """A slider with a box for the exact value of one quantity."""

    def __init__(self, name: str, scale: Scale, value: float, changed: Callable[[str, float, bool], None]) -> None:
        self.name, self.scale, self._changed, self._quiet = name, scale, changed, False
        low, high = scale.ends
        self._step = (high - low) / STEPS
        written = CustomJSTickFormatter(
            args={"kind": scale.kind, "below": scale.linear_below, "step": self._step}, code=_WRITTEN
        )
        unit = " [GeV]" if name == "mass" else ""
        self.slider = Slider(
            start=low,
            end=high,
            step=self._step,
            value=self._place(value),
            title=f"{name_of(name)}{unit}",
            format=written,
            sizing_mode="stretch_width",
            margin=(3, 6, 0, 4),
            stylesheets=[_tight()],
            name=f"slider_{name}",
        )
        self.box = TextInput(
            value=f"{value:.6g}", width=82, margin=(8, 0, 0, 2), stylesheets=[_tight()], name=f"box_{name}"
        )
        self.widget = row(self.slider, self.box, sizing_mode="stretch_width", margin=(0, 0, 0, 0))
        self.slider.on_change("value", self._dragged)
        self.slider.on_change("value_throttled", self._released)
        self.box.on_change("value", self._typed)

    def _place(self, value: float) -> float:
        low, high = self.scale.ends
        inside = min(max(value, self.scale.low), self.scale.high)
        return float(min(max(float(self.scale.places(inside)), low), high))

    def _value(self, place: float) -> float:
        if self.scale.kind == "symlog" and abs(place) < self._step / 2:
            return 0.0
        value = float(self.scale.values(place))
        return min(max(float(f"{value:.6g}"), self.scale.low), self.scale.high)

    def set(self, value: float) -> None:
        """Show a value without telling the page."""
        self._quiet = True
        try:
            self.slider.value = self._place(value)
            self.box.value = f"{value:.6g}"
        finally:
            self._quiet = False

    def _dragged(self, attribute: str, old: float, new: float) -> None:
        if not self._quiet:
            value = self._value(new)
            self._quiet = True
            try:
                self.box.value = f"{value:.6g}"
            finally:
                self._quiet = False
            self._changed(self.name, value, True)

    def _released(self, attribute: str, old: float, new: float) -> None:
        if not self._quiet:
            self._changed(self.name, self._value(new), False)

    def _typed(self, attribute: str, old: str, new: str) -> None:
        if self._quiet:
            return
        try:
            value = float(new)
        except ValueError:
            value = float("nan")
        self._changed(self.name, value, False)


class Controls:
    """All controls of a page.

    Attributes
    ----------
    axes, sliders, shown, settings : the parts of the page.
    changed : called with what changed ("axes", "shown", "settings", or a quantity with its value and whether it is
        being dragged).
    """

    def __init__(self, start: Start, page: Shared) -> None:
        self.start, self.page = start, page
        names = list(start.names)
        options = [(name, name_of(name)) for name in names]
        kwargs: dict[str, Any] = {"stylesheets": [_tight()], "margin": (2, 4, 0, 4)}
        self.x = Select(title="along x", value=start.x, options=options, width=98, name="x_axis", **kwargs)
        self.y = Select(title="along y", value=start.y, options=options, width=98, name="y_axis", **kwargs)
        swap = Button(label="⇄", width=34, margin=(18, 0, 0, 2), stylesheets=[_tight()])
        swap.on_click(lambda: page.choose_axes(self.y.value, self.x.value))
        self.x.on_change("value", lambda a, o, new: page.choose_axes(new, self.y.value))
        self.y.on_change("value", lambda a, o, new: page.choose_axes(self.x.value, new))
        self.case = Select(
            title="case",
            value="",
            sizing_mode="stretch_width",
            name="case",
            options=[("", f"{start.case.name} (as opened)"), *((name, name) for name in case_names())],
            **kwargs,
        )
        # a case has other quantities: the page is made anew, at the same secret address
        self.case.js_on_change(
            "value",
            CustomJS(
                code="""
            if (cb_obj.value) window.location.search = "?case=" + encodeURIComponent(cb_obj.value);"""
            ),
        )
        self.axes = column(
            self.case, row(self.x, self.y, swap, margin=(0, 0, 0, 0)), sizing_mode="stretch_width", name="axes"
        )
        self.by_name = {
            name: QuantitySlider(name, start.scales[name], start.held[name], page.set_value) for name in names
        }
        self.sliders = column(
            _heading("held at"),
            *(item.widget for item in self.by_name.values()),
            sizing_mode="stretch_width",
            name="sliders",
        )
        self._make_shown(kwargs)
        self._make_settings(kwargs)

    def _make_shown(self, kwargs: Mapping[str, Any]) -> None:
        start, page = self.start, self.page
        self.colours = RadioButtonGroup(labels=list(COLOURS.values()), active=0, name="colours", **kwargs)
        self.colours.on_change("active", lambda a, o, n: page.redraw())
        groups = [*GROUPS, *(["own"] if start.own else [])]
        self.group_names = groups
        self.groups = CheckboxButtonGroup(labels=groups, active=list(range(len(groups))), name="groups", **kwargs)
        self.groups.on_change("active", lambda a, o, n: page.redraw())
        self.without = TextInput(
            title="without (ids, commas)", value="", sizing_mode="stretch_width", name="without", **kwargs
        )
        self.without.on_change("value", lambda a, o, n: page.redraw())
        self.names = Slider(
            title="limits with a name",
            start=0,
            end=20,
            step=1,
            value=9,
            sizing_mode="stretch_width",
            name="names",
            stylesheets=[_tight()],
            margin=(4, 6, 0, 4),
        )
        self.names.on_change("value", lambda a, o, n: page.redraw())
        references = [("plane", "the lowest of this plane"), ("sm", "the Standard Model")]
        if start.reference is not None:
            references.insert(0, ("grid", "the best fit of the grid"))
        self.reference = Select(
            title="Δχ² and regions from",
            value=references[0][0],
            options=references,
            sizing_mode="stretch_width",
            name="reference",
            **kwargs,
        )
        self.reference.on_change("value", lambda a, o, n: page.redraw())
        parts = [_heading("colours show"), self.colours, _heading("constraints"), self.groups, self.without]
        self.shown = column(*parts, self.names, self.reference, sizing_mode="stretch_width", name="shown")

    def _make_settings(self, kwargs: Mapping[str, Any]) -> None:
        """A control for every declared setting: a new setting appears here by itself."""
        self.by_setting: dict[str, Any] = {}
        widgets = []
        for name, setting in SETTINGS.items():
            if name in _NEVER:
                continue
            value = getattr(self.start.settings, name)
            offered = list(dict.fromkeys([*setting.allowed, *setting.examples, *([value] if setting.examples else [])]))
            if setting.allowed and isinstance(value, str) and len(setting.allowed) > 1:
                widget: Any = Select(title=name, value=value, options=offered, **kwargs)
            elif setting.low is not None:
                unit = "" if setting.unit == "1" else f" [{setting.unit}]"
                widget = TextInput(title=f"{name}{unit}", value=f"{value:g}", **kwargs)
            else:
                continue
            widget.update(name=f"setting_{name}", sizing_mode="stretch_width")
            widget.on_change("value", lambda a, o, n: self.page.change_settings())
            self.by_setting[name] = widget
            widgets.append(widget)
        self.settings = column(*widgets, sizing_mode="stretch_width", name="settings")

    def held_visible(self, x: str, y: str) -> None:
        """Show the sliders of what does not lie along a side."""
        for name, item in self.by_name.items():
            item.widget.visible = name not in (x, y)

    def chosen_settings(self) -> Settings:
        """The settings as the controls have them. Raises `UserError` for what is not allowed."""
        values = {field.name: getattr(self.start.settings, field.name) for field in dataclasses.fields(Settings)}
        for name, widget in self.by_setting.items():
            setting = SETTINGS[name]
            if setting.low is None:
                values[name] = widget.value
                continue
            try:
                values[name] = float(widget.value)
            except ValueError:
                values[name] = widget.value  # refused below, in the words of the setting
        return Settings.of(**values)
