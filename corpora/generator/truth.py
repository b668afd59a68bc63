"""The true history of a generated corpus: what was done to which symbol, and the bytes that came of it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum


class Operator(StrEnum):
    """One thing that programmers do."""

    ADD_FILE = "add_file"
    DELETE_FILE = "delete_file"
    RESTORE_FILE = "restore_file"
    RENAME_FILE = "rename_file"
    REFORMAT = "reformat"
    ADD_SYMBOL = "add_symbol"
    EDIT_BODY = "edit_body"
    CHANGE_SIGNATURE = "change_signature"
    CHANGE_COMMENT = "change_comment"
    RENAME_SYMBOL = "rename_symbol"
    MOVE_SYMBOL = "move_symbol"
    EXTRACT_FUNCTION = "extract_function"
    COPY_FUNCTION = "copy_function"
    DELETE_SYMBOL = "delete_symbol"
    RESTORE_SYMBOL = "restore_symbol"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One operator applied once. `path` and `name` say where the result is, "" where there is none.

    `from_project`, `from_path` and `from_name` say where it came from: the symbol's or file's place before, the
    copied or extracted function's source. `name` is "" for operators on whole files, which list the qualified names
    that came or went in `symbols`. `exact` is false where a copy or a restored symbol was changed on the way.
    `because` names the outer symbol whose renaming gave this one its new qualified name.
    """

    step: int
    operator: Operator
    project: str
    path: str = ""
    name: str = ""
    from_project: str = ""
    from_path: str = ""
    from_name: str = ""
    symbols: tuple[str, ...] = ()
    exact: bool = True
    because: str = ""

    def to_json(self) -> str:
        """One line of JSON; fields that say nothing are left out."""
        said = {key: value for key, value in asdict(self).items() if key == "step" or value not in _SILENT}
        return json.dumps(said, separators=(",", ":"))

    @classmethod
    def from_json(cls, line: str) -> Event:
        """The event that `to_json` wrote."""
        said = json.loads(line)
        return cls(
            **{**said, "operator": Operator(said["operator"]), "symbols": tuple(said.get("symbols", ()))},
        )


_SILENT: tuple[object, ...] = ("", (), True)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """A file of a project with its new bytes, or `None` when it is gone; `path` is relative, with slashes."""

    project: str
    path: str
    content: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one step changed and why. The first steps found the projects; `founding` tells them from the others."""

    number: int
    founding: bool
    changes: tuple[FileChange, ...]
    events: tuple[Event, ...]
