"""Go."""

from __future__ import annotations

from codevault.policy.tools.table import Tool, dependency

TOOLS: tuple[Tool, ...] = (
    Tool(
        name="go",
        locks="go.sum go.work.sum",
        folders=(dependency("vendor", "go mod vendor", beside=("go.mod",), inside=("modules.txt",)),),
    ),
)
