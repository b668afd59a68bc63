"""The clones of an archive for a reader: a value with three faces. Same input, same bytes."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from codevault.ids import ProjectId
from codevault.moments import iso
from codevault.reuse.model import Clone, CloneGroup, Drift


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedPlace:
    """One place of a group: whose it is, since when, and whether it is still there (`until` "")."""

    project: str
    client: str
    path: str
    symbol: str
    lines: tuple[int, int]
    since: str
    until: str
    similarity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedGroup:
    """One group, the place that had it first leading; `type` is 1, 2 or 3."""

    type: int
    tokens: int
    clients: tuple[str, ...]
    places: tuple[ReportedPlace, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedShare:
    """How much code one project had that another has now."""

    source: str
    target: str
    groups: int
    tokens: int
    crosses_clients: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedFix:
    """A change of one copy that another may miss."""

    source: str
    target: str
    at: str
    removed: tuple[str, ...]
    added: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReuseReport:
    """Groups, the largest first, who shares how much with whom, and fixes that a copy may miss.

    `left_out` groups are counted in `shares` but not listed; `not_analysed` file versions were not looked at.
    """

    groups: tuple[ReportedGroup, ...]
    shares: tuple[ReportedShare, ...]
    fixes: tuple[ReportedFix, ...]
    left_out: int = 0
    not_analysed: int = 0

    @property
    def crosses_clients(self) -> bool:
        """True when two clients share code."""
        return any(share.crosses_clients for share in self.shares)

    def to_json(self) -> str:
        """The report as a JSON object, keys sorted."""
        return json.dumps(asdict(self), sort_keys=True, indent=2, ensure_ascii=False) + "\n"

    def to_markdown(self) -> str:
        """The report as a page of Markdown; names from projects are escaped."""
        lines = ["# Reuse", "", *self._summary(), ""]
        if self.shares:
            lines += ["| had it first | has it too | groups | tokens | |", "| --- | --- | --- | --- | --- |"]
            for share in self.shares:
                cells = _cell(share.source), _cell(share.target), str(share.groups), str(share.tokens)
                lines.append(f"| {' | '.join(cells)} | {'**another client**' if share.crosses_clients else ''} |")
            lines.append("")
        for group in self.groups:
            lines += [f"## {_cell(group.places[0].symbol)}", "", f"Type {group.type}, {group.tokens} tokens.", ""]
            lines += [f"- {_cell(_sentence(place))}" for place in group.places]
            lines.append("")
        if self.fixes:
            lines += ["## Changes that a copy may miss", ""]
            for fix in self.fixes:
                lines += [f"- {_cell(fix.source)} changed on {fix.at}; {_cell(fix.target)} did not:", ""]
                lines += [f"      - {line}" for line in fix.removed] + [f"      + {line}" for line in fix.added] + [""]
        return "\n".join(lines).rstrip() + "\n"

    def to_html(self) -> str:
        """The report as one page of HTML that loads nothing."""
        body = [f"<p>{html.escape(line)}</p>" for line in self._summary()]
        if self.shares:
            body.append("<table><tr><th>had it first</th><th>has it too</th><th>groups</th><th>tokens</th></tr>")
            for share in self.shares:
                mark = ' class="crosses"' if share.crosses_clients else ""
                cells = (share.source, share.target, str(share.groups), str(share.tokens))
                body.append(f"<tr{mark}>{''.join(f'<td>{html.escape(cell)}</td>' for cell in cells)}</tr>")
            body.append("</table>")
        for group in self.groups:
            body.append(f"<h2>{html.escape(group.places[0].symbol)}</h2>")
            body.append(f"<p>Type {group.type}, {group.tokens} tokens.</p><ul>")
            body += [f"<li>{html.escape(_sentence(place))}</li>" for place in group.places] + ["</ul>"]
        if self.fixes:
            body.append("<h2>Changes that a copy may miss</h2>")
        for fix in self.fixes:
            body.append(f"<p>{html.escape(f'{fix.source} changed on {fix.at}; {fix.target} did not:')}</p>")
            change = [f"- {line}" for line in fix.removed] + [f"+ {line}" for line in fix.added]
            body.append(f"<pre>{html.escape(chr(10).join(change))}</pre>")
        return _PAGE.format(body="\n".join(body))

    def _summary(self) -> list[str]:
        count = len(self.groups) + self.left_out
        found = [f"{count} groups of code that stands in several places."]
        if self.left_out:
            found.append(f"The {len(self.groups)} largest are listed.")
        if self.crosses_clients:
            found.append("Several clients share code: contracts may differ.")
        if self.not_analysed:
            found.append(f"{self.not_analysed} file versions were not analysed yet and are missing here.")
        return found


_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Reuse</title>
<style>body{{font-family:sans-serif;max-width:60em;margin:2em auto}}td,th{{padding:.2em .8em;text-align:left}}
.crosses{{font-weight:bold}}</style></head>
<body><h1>Reuse</h1>
{body}
</body></html>
"""


def report_of(
    groups: Sequence[CloneGroup],
    drifts: Iterable[Drift],
    names: Mapping[ProjectId, str],
    *,
    most: int,
    not_analysed: int,
) -> ReuseReport:
    """What is reported of groups; `names` are those of the projects by id."""
    return ReuseReport(
        groups=tuple(_group(group, names) for group in groups[:most]),
        shares=_shares(groups, names),
        fixes=tuple(
            ReportedFix(
                source=_place_name(fix.source, names),
                target=_place_name(fix.target, names),
                at=iso(fix.at.created_ns),
                removed=fix.removed,
                added=fix.added,
            )
            for drift in drifts
            for fix in drift.fixes
        ),
        left_out=max(0, len(groups) - most),
        not_analysed=not_analysed,
    )


def _group(group: CloneGroup, names: Mapping[ProjectId, str]) -> ReportedGroup:
    places = tuple(
        ReportedPlace(
            project=names.get(clone.hit.project, clone.hit.project),
            client=clone.client,
            path=clone.hit.path,
            symbol=clone.symbol.qualified_name,
            lines=(clone.hit.start_line, clone.hit.end_line),
            since=iso(clone.hit.first_seen.created_ns),
            until=iso(clone.hit.last_seen.created_ns) if clone.hit.last_seen is not None else "",
            similarity=round(clone.similarity, 3),
        )
        for clone in group.members
    )
    return ReportedGroup(type=int(group.type), tokens=group.origin.symbol.tokens, clients=group.clients, places=places)


def _shares(groups: Iterable[CloneGroup], names: Mapping[ProjectId, str]) -> tuple[ReportedShare, ...]:
    found: dict[tuple[ProjectId, ProjectId], list[int]] = {}
    crossing: set[tuple[ProjectId, ProjectId]] = set()
    for group in groups:
        first = {clone.hit.project: clone for clone in reversed(group.members)}
        source = group.origin
        for project, clone in first.items():
            if project != source.hit.project:
                pair = source.hit.project, project
                found.setdefault(pair, []).append(source.symbol.tokens)
                if clone.client != source.client:
                    crossing.add(pair)
    shares = (
        ReportedShare(
            source=names.get(pair[0], pair[0]),
            target=names.get(pair[1], pair[1]),
            groups=len(sizes),
            tokens=sum(sizes),
            crosses_clients=pair in crossing,
        )
        for pair, sizes in found.items()
    )
    return tuple(sorted(shares, key=lambda share: (-share.tokens, share.source, share.target)))


def _place_name(clone: Clone, names: Mapping[ProjectId, str]) -> str:
    return f"{names.get(clone.hit.project, clone.hit.project)}: {clone.hit.path}: {clone.symbol.qualified_name}"


def _sentence(place: ReportedPlace) -> str:
    whose = f"{place.project} ({place.client})" if place.client else place.project
    lasted = f"from {place.since} to {place.until}" if place.until else f"since {place.since}"
    where = f"{place.path}:{place.lines[0]}-{place.lines[1]}"
    return f"{whose}: {where} {place.symbol}, {lasted}, similarity {place.similarity:.2f}"


def _cell(text: str) -> str:
    escaped = html.escape(text.replace("\n", " "), quote=False)
    return "".join("\\" + sign if sign in "\\`*_[]|#" else sign for sign in escaped)
