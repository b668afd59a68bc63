"""A page as one HTML file: Jinja2 escapes, the policy in its head forbids scripts and loading anything."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from codevault.reports.charts import graph_svg, svg
from codevault.reports.page import Cell, Chart, Diff, Events, Page, Part, Picture, Table
from codevault.reports.wording import lines_shown, shown, xml_text

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

_MOST_SHOWN = 400  # lines of one diff


def webpage(page: Page) -> str:
    """The whole file."""
    template = _environment().get_template("report.html.j2")
    return template.render(page=page, highlight_css=_highlight_css()) + "\n"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("codevault.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalized,
    )
    made.filters |= {"cell": _cell, "sort_of": _sort_of, "drawn": _drawn, "highlighted": _highlighted}
    return made


def _finalized(value: object) -> object:
    """Whatever a template shows is without characters that turn or break what is around them."""
    from markupsafe import Markup

    return xml_text(shown(value)) if isinstance(value, str) and not isinstance(value, Markup) else value


def _sort_of(part: Part) -> str:
    kinds = {Table: "table", Chart: "chart", Picture: "picture", Events: "events", Diff: "diff"}
    return kinds.get(type(part), "text")


def _cell(cell: Cell) -> str:
    if isinstance(cell, float):
        return f"{cell:,.2f}"
    return f"{cell:,}" if isinstance(cell, int) else cell


def _drawn(part: Chart | Picture) -> Markup:
    from markupsafe import Markup

    return Markup(svg(part) if isinstance(part, Chart) else graph_svg(part))  # noqa: S704 - built by an XML library, which escapes


def _highlighted(diff: Diff) -> Markup:
    from markupsafe import Markup
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import DiffLexer

    lines = lines_shown(diff.text).rstrip("\n").split("\n")
    text = xml_text("\n".join(lines[:_MOST_SHOWN]))
    if len(lines) > _MOST_SHOWN:
        text += f"\n… {len(lines) - _MOST_SHOWN} more lines"
    return Markup(highlight(text, DiffLexer(stripnl=False), HtmlFormatter(nowrap=True)))  # noqa: S704 - it escapes


@cache
def _highlight_css() -> Markup:
    from markupsafe import Markup
    from pygments.formatters import HtmlFormatter

    css: str = HtmlFormatter(style="default", nobackground=True).get_style_defs(".diff")
    return Markup(css)  # noqa: S704 - pygments' own
