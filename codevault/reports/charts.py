"""Charts as inline SVG: drawn by pygal, without its scripts, the same bytes every time."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any
from xml.etree import ElementTree as ET

from codevault.reports.page import Chart, Picture, shortened
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


def graph_svg(picture: Picture) -> str:
    """A graph as one `svg` element: nodes on a circle, those that are joined mostly beside one another."""
    order = _in_order(picture)
    wide, high, middle = 900, max(80, 36 * len(order)), 450
    ET.register_namespace("", _SPACE.strip("{}"))
    root = ET.Element(f"{_SPACE}svg", {"viewBox": f"0 0 {wide} {high}", "role": "img", "aria-label": "graph"})
    places = {}
    for number, key in enumerate(order):
        turn = 2 * math.pi * (number + 0.5) / len(order) - math.pi / 2
        places[key] = middle + 150 * math.cos(turn), high / 2 + (high / 2 - 26) * math.sin(turn)
    for one, other, label in picture.edges:
        (x1, y1), (x2, y2) = places[one], places[other]
        ends = {"x1": f"{x1:.1f}", "y1": f"{y1:.1f}", "x2": f"{x2:.1f}", "y2": f"{y2:.1f}"}
        ET.SubElement(root, f"{_SPACE}line", ends | {"stroke": "#9bb3c7", "stroke-width": "1.6"})
        _written(root, (x1 + x2) / 2, (y1 + y2) / 2, label, "middle", "#777777")
    for key, label in picture.nodes:
        x, y = places[key]
        ET.SubElement(root, f"{_SPACE}circle", {"cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": "4.5", "fill": COLOURS[0]})
        right = x >= middle
        _written(root, x + (9 if right else -9), y + 4, label, "start" if right else "end", "#222222")
    return ET.tostring(root, encoding="unicode")


def _in_order(picture: Picture) -> list[str]:
    """The nodes along the edges, so that few lines cross."""
    joined: dict[str, list[str]] = {key: [] for key, _ in picture.nodes}
    for one, other, _ in picture.edges:
        joined[one].append(other)
        joined[other].append(one)
    order: dict[str, None] = {}
    for start in joined:
        waiting = [start]
        while waiting:
            key = waiting.pop()
            if key not in order:
                order[key] = None
                waiting += reversed(joined[key])
    return list(order)


def _written(root: ET.Element, x: float, y: float, text: str, anchor: str, colour: str) -> None:
    style = {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor, "fill": colour, "font-size": "12"}
    ET.SubElement(root, f"{_SPACE}text", style | {"font-family": "system-ui, sans-serif"}).text = _text(text)


def _drawn(chart: Chart) -> Any:
    pygal = _loaded()
    labels, shown_labels = _axis(chart.labels)
    # Bars of many names lie down, so that long names stay legible.
    lying = chart.kind == "bar" and len(chart.series) == 1 and any(len(label) > 12 for label in chart.labels)
    kinds = {"bar": pygal.Bar, "stacked": pygal.StackedBar, "line": pygal.Line, "area": pygal.StackedLine}
    kind = pygal.HorizontalBar if lying else pygal.Pie if chart.kind == "pie" else kinds[chart.kind]
    drawn = kind(
        style=_style(),
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
        range=(0, chart.most or _most(chart)) if chart.kind in {"line", "area"} else None,
        no_data_text="nothing to show",
        print_values=False,
        margin=14,
        inner_radius=0.45 if chart.kind == "pie" else 0,
    )
    if chart.kind == "pie":
        return _sliced(drawn, chart)
    order = slice(None, None, -1) if lying else slice(None)
    drawn.x_labels = labels[order]
    if not lying:
        drawn.x_labels_major = shown_labels
    for name, values in chart.series:
        drawn.add(_text(name), list(values)[order])
    return drawn


def _sliced(pie: Any, chart: Chart) -> Any:
    for label, value in zip(chart.labels, chart.series[0][1], strict=True):
        pie.add(_text(label), value)
    return pie


def _style() -> Any:
    from pygal.style import Style

    return Style(
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
        guide_stroke_color="#dddddd",
        major_guide_stroke_color="#cccccc",
        guide_stroke_dasharray="none",
        major_guide_stroke_dasharray="none",
    )


def _most(chart: Chart) -> float:
    rows = [[value or 0.0 for value in values] for _, values in chart.series]
    totals = [sum(column) if chart.kind == "area" else max(column) for column in zip(*rows, strict=True)]
    return max(totals, default=0.0) or 1.0


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
