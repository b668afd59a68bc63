"""What happened to a project's symbols: a value with three faces, Markdown, JSON and HTML. Same input, same bytes."""

from __future__ import annotations

import html
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from codevault.ids import ProjectId
from codevault.moments import iso


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One symbol's change: kinds ("body", "moved", …), where it is now, where it was if elsewhere."""

    kinds: tuple[str, ...]
    path: str
    qualified_name: str
    was: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one snapshot changed; `files` counts paths."""

    sequence: int
    created_ns: int
    reason: str
    files: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvolutionReport:
    """A project's symbols from snapshot to snapshot, oldest first. `not_analysed` versions are missing in it."""

    project: ProjectId
    name: str
    steps: tuple[Step, ...]
    not_analysed: int = 0

    def kinds(self) -> Counter[str]:
        """How often each kind of change happened."""
        return Counter(kind for step in self.steps for line in step.lines for kind in line.kinds)

    def most_changed(self, count: int = 10) -> tuple[tuple[str, int], ...]:
        """The symbols that changed in most steps, as "path: name" with their number of steps."""
        counts = Counter(f"{line.path}: {line.qualified_name}" for step in self.steps for line in step.lines)
        return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:count])

    def to_json(self) -> str:
        """The report as a JSON object, keys sorted."""
        steps = [
            {
                "sequence": step.sequence,
                "created": iso(step.created_ns),
                "reason": step.reason,
                "files": step.files,
                "changes": [
                    {"kinds": list(line.kinds), "path": line.path, "symbol": line.qualified_name, "was": line.was}
                    for line in step.lines
                ],
            }
            for step in self.steps
        ]
        whole = {
            "project": self.project,
            "name": self.name,
            "steps": steps,
            "kinds": dict(self.kinds()),
            "most_changed": [list(item) for item in self.most_changed()],
            "not_analysed": self.not_analysed,
        }
        return json.dumps(whole, indent=1, sort_keys=True) + "\n"

    def to_markdown(self) -> str:
        """The report as Markdown; names from the project are escaped."""
        out = [f"# Evolution of {_md(self.name)}", ""]
        out += _summary(self)
        for step in self.steps:
            out += ["", f"## {_title(step, _md)}", ""]
            out += [f"- {', '.join(line.kinds)}: `{_code(_where(line))}`" for line in step.lines] or ["- no symbols"]
        return "\n".join(out) + "\n"

    def to_html(self) -> str:
        """The report as one HTML page without scripts; every name is escaped."""
        out = [
            '<!doctype html><html lang="en"><meta charset="utf-8">',
            f"<title>Evolution of {_html(self.name)}</title>",
            f"<h1>Evolution of {_html(self.name)}</h1>",
            *(f"<p>{html.escape(line)}</p>" for line in _summary(self) if line),
        ]
        for step in self.steps:
            out.append(f"<h2>{_title(step, _html)}</h2><ul>")
            out += [
                f"<li>{html.escape(', '.join(line.kinds))}: <code>{_html(_where(line))}</code></li>"
                for line in step.lines
            ]
            out.append("</ul>")
        return "\n".join([*out, "</html>"]) + "\n"


def _summary(report: EvolutionReport) -> Sequence[str]:
    counts = ", ".join(f"{count} {kind}" for kind, count in sorted(report.kinds().items())) or "no changes"
    out = [f"{len(report.steps)} snapshots: {counts}."]
    if report.not_analysed:
        out.append(f"{report.not_analysed} file versions are not analysed yet and are missing here.")
    return out


def _where(line: Line) -> str:
    here = f"{line.path}: {line.qualified_name}"
    return f"{line.was} -> {here}" if line.was else here


def _title(step: Step, escaped: Callable[[str], str]) -> str:
    because = f" ({escaped(step.reason)})" if step.reason else ""
    return f"Snapshot {step.sequence}, {iso(step.created_ns)}{because}"


def _md(text: str) -> str:
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>()#+-!|" else c for c in _plain(text))


def _html(text: str) -> str:
    return html.escape(_plain(text))


def _code(text: str) -> str:
    return _plain(text).replace("`", "'")


def _plain(text: str) -> str:
    """Without control characters, which could rewrite a terminal, or the surrogates of names that are not UTF-8."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)
