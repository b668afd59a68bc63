"""Ruby."""

from __future__ import annotations

from codevault.policy.tools.table import Tool, cache, dependency

TOOLS: tuple[Tool, ...] = (
    Tool(
        name="bundler",
        locks="gemfile.lock",
        folders=(dependency("bundle", "bundle install", inside=("ruby|jruby",), only="ruby|jruby", below="vendor"),),
    ),
    Tool(
        name="sass",
        folders=(cache(".sass-cache", "sass"),),
    ),
)
