"""One small table each for the package managers and build systems that are known; `TOOLS` are all of them."""

from __future__ import annotations

from codevault.policy.tools import (
    apple,
    dart,
    dotnet,
    erlang,
    functional,
    games,
    go,
    infrastructure,
    jvm,
    native,
    node,
    php,
    python,
    ruby,
    rust,
    science,
    sites,
)
from codevault.policy.tools.table import FolderRule, Tool

TOOLS: tuple[Tool, ...] = (
    *node.TOOLS,
    *python.TOOLS,
    *php.TOOLS,
    *go.TOOLS,
    *ruby.TOOLS,
    *erlang.TOOLS,
    *apple.TOOLS,
    *dotnet.TOOLS,
    *infrastructure.TOOLS,
    *rust.TOOLS,
    *jvm.TOOLS,
    *native.TOOLS,
    *dart.TOOLS,
    *functional.TOOLS,
    *games.TOOLS,
    *science.TOOLS,
    *sites.TOOLS,
)

__all__ = ["TOOLS", "FolderRule", "Tool"]
