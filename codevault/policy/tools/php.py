"""PHP."""

from __future__ import annotations

from codevault.policy.tools.table import Tool, dependency

TOOLS: tuple[Tool, ...] = (
    Tool(
        name="composer",
        locks="composer.lock",
        folders=(
            dependency("vendor", "composer install", beside=("composer.json",), inside=("autoload.php", "composer")),
        ),
    ),
)
