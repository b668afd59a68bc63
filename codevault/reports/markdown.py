"""A page as Markdown with Mermaid diagrams."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from codevault.reports.page import Cell, Chart, Diff, Events, Page, Part, Picture, Table, shortened
from codevault.reports.wording import lines_shown, markdown_code, markdown_text, mermaid_text

_MOST_LABELS = 24
"""Labels of an axis that stay legible; a longer row is thinned."""


def markdown(page: Page) -> str:
    """The whole page."""
    out = [f"# {markdown_text(page.title)}", ""]
    out += [f"{markdown_text(sentence)}  " for sentence in page.summary]
    for section in page.sections:
        out += ["", f"## {markdown_text(section.title)}"]
        for part in section.parts:
            out += ["", *_part(part)]
    if page.method:
        out += ["", "## How this is counted", "", *(f"- {markdown_text(sentence)}" for sentence in page.method)]
    return "\n".join(line.rstrip(" ") if not line.endswith("  ") else line for line in out).rstrip() + "\n"


def _part(part: Part) -> Iterator[str]:
    if isinstance(part, str):
        yield markdown_text(part)
    elif isinstance(part, Table):
        yield from _table(part)
    elif isinstance(part, Diff):
        yield from _diff(part)
    elif isinstance(part, Chart):
        yield from ("```mermaid", *(_pie(part) if part.kind == "pie" else _axes(part)), "```")
    elif isinstance(part, Events):
        yield from ("```mermaid", *_events(part), "```")
    else:
        yield from ("```mermaid", *_picture(part), "```")


def _table(table: Table) -> Iterator[str]:
    yield f"| {' | '.join(map(markdown_text, table.headings))} |"
    right = [all(isinstance(row[at], (int, float)) for row in table.rows) for at in range(len(table.headings))]
    yield f"| {' | '.join('---:' if each and table.rows else '---' for each in right)} |"
    for row in table.rows:
        cells = (_cell(cell, heading in table.code) for cell, heading in zip(row, table.headings, strict=True))
        yield f"| {' | '.join(cells)} |"


def _cell(cell: Cell, code: bool) -> str:
    if isinstance(cell, float):
        return f"{cell:,.2f}"
    if isinstance(cell, int):
        return f"{cell:,}"
    return markdown_code(cell) if code and cell else markdown_text(cell)


def _diff(diff: Diff) -> Iterator[str]:
    text = lines_shown(diff.text).rstrip("\n")
    bare = [line.lstrip(" ") for line in text.split("\n")]
    fence = "~" * max(3, *(1 + len(line) - len(line.lstrip("~")) for line in bare))
    yield from (f"{fence}diff", text, fence)


def _thinned(chart: Chart) -> tuple[Sequence[str], Sequence[tuple[str, Sequence[float | None]]]]:
    step = max(1, -(-len(chart.labels) // _MOST_LABELS))
    return chart.labels[::step], [(name, values[::step]) for name, values in chart.series]


def _axes(chart: Chart) -> Iterator[str]:
    """`xychart-beta` has no legend, and draws bars over one another: stacked ones are told by their sums."""
    labels, series = _thinned(chart) if chart.kind in {"line", "area"} else (chart.labels, chart.series)
    if chart.kind == "stacked":
        series = ((" and ".join(name for name, _ in series), _sums(chart)),)
    names = ", ".join(mermaid_text(name) for name, _ in series)
    title = mermaid_text(chart.title) + (f" - {names}" if len(series) > 1 and len(names) < 60 else "")
    yield "xychart-beta"
    yield f'    title "{title}"'
    yield f"    x-axis [{', '.join(_quoted(shortened(label, 24)) for label in labels)}]"
    most = max([chart.most or 0.0, *(value or 0.0 for _, values in series for value in values)])
    yield f'    y-axis "{mermaid_text(chart.unit)}" 0 --> {_number(most or 1)}'
    for _, values in series:
        row = ", ".join(_number(value or 0.0) for value in values)
        yield f"    {'line' if chart.kind in {'line', 'area'} else 'bar'} [{row}]"


def _sums(chart: Chart) -> tuple[float, ...]:
    return tuple(
        sum(value or 0.0 for value in values) for values in zip(*(row for _, row in chart.series), strict=True)
    )


def _quoted(text: str) -> str:
    return f'"{mermaid_text(text)}"'


def _number(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".") or "0"


def _pie(chart: Chart) -> Iterator[str]:
    yield "pie showData"
    yield f"    title {mermaid_text(chart.title)}"
    for label, value in zip(chart.labels, chart.series[0][1], strict=True):
        if value:
            yield f"    {_quoted(shortened(label, 40))} : {_number(value)}"


def _events(events: Events) -> Iterator[str]:
    yield "timeline"
    yield f"    title {mermaid_text(events.title)}"
    for moment, words in events.moments:
        yield f"    {mermaid_text(moment)} : {mermaid_text(shortened(words, 70))}"


def _picture(picture: Picture) -> Iterator[str]:
    yield "flowchart LR"
    names = {key: f"n{number}" for number, (key, _) in enumerate(picture.nodes)}
    for key, label in picture.nodes:
        yield f'    {names[key]}["{mermaid_text(shortened(label, 50))}"]'
    arrow = "-->" if picture.directed else "---"
    for one, other, label in picture.edges:
        yield f'    {names[one]} {arrow}|"{mermaid_text(label)}"| {names[other]}'
