"""The faces of a report: JSON of its values, Markdown with Mermaid diagrams, and one HTML file that needs nothing else.

Names, paths, authors and messages come from strangers. Characters that could rewrite a terminal or turn the direction
of reading are shown as U+FFFD everywhere but in JSON, which escapes them; Markdown and HTML escape the rest.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from enum import Enum
from io import BytesIO
from typing import TYPE_CHECKING, Any

from codevault.moments import iso
from codevault.reports.page import Page

if TYPE_CHECKING:
    import networkx as nx


class Report:
    """What every report can be turned into. The same vault gives the same bytes."""

    __slots__ = ()

    def page(self) -> Page:
        """The report as headings, sentences, tables and charts."""
        raise NotImplementedError

    @property
    def finding(self) -> str:
        """What was found, in one sentence: the first of every page, and a key of the JSON."""
        return self.page().summary[0]

    def to_json(self) -> str:
        """All values and the finding as a JSON object, keys sorted; times in ISO 8601, UTC."""
        return json.dumps(_plain(self) | {"finding": self.finding}, indent=1, sort_keys=True) + "\n"

    def to_markdown(self) -> str:
        """Markdown with Mermaid diagrams, as GitHub and GitLab show it."""
        from codevault.reports.markdown import markdown

        return markdown(self.page())

    def to_html(self) -> str:
        """One HTML file: charts inside as SVG, no scripts, nothing loaded from anywhere."""
        from codevault.reports.webpage import webpage

        return webpage(self.page())


class GraphReport(Report):
    """A report whose values are a graph, too."""

    __slots__ = ()

    def to_graph(self) -> nx.Graph:
        """The graph, for networkx."""
        raise NotImplementedError

    def to_graphml(self) -> str:
        """The graph as GraphML, for Gephi, yEd and others; characters that XML forbids become U+FFFD."""
        import networkx as nx

        from codevault.reports.wording import xml_text

        graph = nx.relabel_nodes(self.to_graph(), xml_text, copy=True)
        for _, facts in graph.nodes(data=True):
            facts.update((key, xml_text(value)) for key, value in facts.items() if isinstance(value, str))
        written = BytesIO()
        nx.write_graphml_xml(graph, written)
        return written.getvalue().decode("utf-8")


def _plain(value: object) -> Any:
    """Values as JSON knows them; a field of nanoseconds is a moment there, without the ending of its name."""
    if isinstance(value, Enum):
        return str(value.value)
    if dataclasses.is_dataclass(value):
        found = {}
        for each in dataclasses.fields(value):
            inner = getattr(value, each.name)
            if each.name.endswith("_ns"):
                found[each.name.removesuffix("_ns")] = None if inner is None else iso(inner)
            else:
                found[each.name] = _plain(inner)
        return found
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (tuple, list, frozenset)):
        return [_plain(inner) for inner in value]
    return round(value, 6) if isinstance(value, float) else value
