"""Charts as inline SVG: drawn by pygal, without its scripts, the same bytes every time."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any
from xml.etree import ElementTree as ET

from codevault.reports.page import Chart, shortened
from codevault.reports.wording import shown, xml_text

COLOURS = ("#2f6f9f", "#e08214", "#3a8f5c", "#b5446e", "#7a68a6", "#8c6d31", "#4db6ac", "#9e9e9e")
"""Told apart by most people who see fewer colours, and in print."""

_MOST_LABELS = 14
_SPACE = "{http://www.w3.org/2000/svg}"
_DROPPED = {f"{_SPACE}script", f"{_SPACE}a", f"{_SPACE}image", f"{_SPACE}foreignObject"}


def svg(chart: Chart) -> str:
    """The chart as one `svg` element with nothing in it that runs or is loaded."""
    drawn = _drawn(chart)
    drawn.uuid = blake2b(repr(chart).encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
    root = ET.fromstring(drawn.render(disable_xml_declaration=True))  # noqa: S314 - what pygal just wrote
    for above in list(root.iter()):
        for child in [child for child in above if child.tag in _DROPPED]:
            above.remove(child)
    ET.register_namespace("", _SPACE.strip("{}"))
    root.set("role", "img")
    root.set("aria-label", _text(chart.title))
    return ET.tostring(root, encoding="unicode")


def _drawn(chart: Chart) -> Any:
    pygal = _loaded()
    from pygal.style import Style

    style = Style(
        background="transparent",
        plot_background="transparent",
        foreground="#333333",
        foreground_strong="#111111",
        foreground_subtle="#dddddd",
        colors=COLOURS,
        font_family="system-ui, sans-serif",
        label_font_size=11,
        major_label_font_size=11,
        legend_font_size=12,
        title_font_size=14,
        value_font_size=11,
        opacity=".85",
    )
    labels, shown_labels = _axis(chart.labels)
    # Bars of many names lie down, so that long names stay legible.
    lying = chart.kind == "bar" and len(chart.series) == 1 and any(len(label) > 12 for label in chart.labels)
    kinds = {"bar": pygal.Bar, "stacked": pygal.StackedBar, "line": pygal.Line, "area": pygal.StackedLine}
    kind = pygal.HorizontalBar if lying else pygal.Pie if chart.kind == "pie" else kinds[chart.kind]
    drawn = kind(
        style=style,
        js=(),
        title=f"{_text(chart.title)}" + (f" ({chart.unit})" if chart.unit else ""),
        x_title=_text(chart.label_title) or None,
        width=900,
        height=max(220, 26 * len(labels) + 110) if lying else 340,
        show_legend=len(chart.series) > 1 or chart.kind == "pie",
        legend_at_bottom=False,
        truncate_legend=28,
        truncate_label=40,
        x_label_rotation=0 if lying else 30,
        show_minor_x_labels=lying,
        fill=chart.kind == "area",
        dots_size=2,
        show_dots=len(labels) <= 40,
        zero=0,
        range=(0, chart.most) if chart.most else None,
        no_data_text="nothing to show",
        print_values=False,
        margin=14,
        inner_radius=0.45 if chart.kind == "pie" else 0,
    )
    if chart.kind == "pie":
        for label, value in zip(chart.labels, chart.series[0][1], strict=True):
            drawn.add(_text(label), value)
        return drawn
    order = slice(None, None, -1) if lying else slice(None)
    drawn.x_labels = labels[order]
    if not lying:
        drawn.x_labels_major = shown_labels
    for name, values in chart.series:
        drawn.add(_text(name), list(values)[order])
    return drawn


def _loaded() -> Any:
    """Pygal without the finder for plug-ins that it puts into the import system of the whole program."""
    import pygal

    sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "pygal"]
    return pygal


def _axis(labels: Sequence[str]) -> tuple[list[str], list[str]]:
    """All labels, each once, and those that are written: an axis that is too full shows every n-th."""
    named = [_text(label) for label in labels]
    unique = [name if named.index(name) == at else f"{name} " + "\u2009" * at for at, name in enumerate(named)]
    step = max(1, -(-len(unique) // _MOST_LABELS))
    return unique, unique[::step]


def _text(text: str) -> str:
    return xml_text(shown(shortened(text, 48)))
