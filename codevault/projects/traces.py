"""Where names of erased projects stand outside of their own files, and what organises projects without them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from codevault.ids import ProjectId
from codevault.projects.documents import Documents
from codevault.projects.organisation import DOCUMENT, Organisation, TagRule, View, organisation_to


@dataclass(frozen=True, slots=True)
class Traces:
    """The words that only projects that go have: their names, folders and ids, and clients with no other project."""

    words: tuple[str, ...]

    @classmethod
    def of(cls, documents: Documents, going: Collection[ProjectId]) -> Traces:
        """Those of projects that are there; earlier names and clients of theirs count too."""
        words: dict[str, None] = {}
        others: set[str] = set()
        for project, log in documents.entries():
            former = [text for change in log for text in (change.before, change.after) if change.field in _NAMING]
            own = [project.name, project.root, project.client, project.id, *(t for t in former if isinstance(t, str))]
            if project.id in going:
                words.update(dict.fromkeys(own))
            else:
                others.update(own)
        return cls(tuple(word for word in words if word and word not in others))

    def in_text(self, text: str) -> Iterator[tuple[int, str]]:
        """Lines, counted from 1, with the words in them."""
        for number, line in enumerate(text.splitlines(), 1):
            yield from ((number, word) for word in self.words if _has(line, word))

    def left_out_of(self, organisation: Organisation) -> Organisation:
        """Without the views, the rules and the changes in the log that have one of the words."""
        return replace(
            organisation,
            views=tuple(view for view in organisation.views if not self._is_named(view)),
            rules=tuple(rule for rule in organisation.rules if not self._is_named(rule)),
            log=tuple(
                change for change in organisation.log if not any(map(self._has_value, (*change.before, *change.after)))
            ),
        )

    def documents(self, documents: Documents) -> dict[str, Mapping[str, object]]:
        """The documents that have to be written anew, by name: at most what organises projects.

        Raises:
            RecordDamaged: it cannot be read.
        """
        known = documents.organisation()
        after = self.left_out_of(known)
        return {} if after == known else {DOCUMENT: organisation_to(after)}

    def _is_named(self, value: View | TagRule) -> bool:
        texts = (getattr(value, field) for field in ("name", "tag", "path", "client") if hasattr(value, field))
        return any(_has(text, word) for text in texts for word in self.words)

    def _has_value(self, value: Mapping[str, Any]) -> bool:
        texts = [text for text in value.values() if isinstance(text, str)]
        return any(_has(text, word) for text in texts for word in self.words)


_NAMING = frozenset(("name", "root", "client"))


def _has(text: str, word: str) -> bool:
    return word in text and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None
