"""Elixir and Erlang."""

from __future__ import annotations

from codevault.policy.tools.table import Tool, dependency, output

TOOLS: tuple[Tool, ...] = (
    Tool(
        name="mix",
        locks="mix.lock",
        folders=(
            dependency("deps", "mix deps.get", beside=("mix.exs", "mix.lock")),
            output("_build", "mix compile", beside=("mix.exs",), inside=("dev|test|prod",)),
        ),
    ),
    Tool(
        name="rebar3",
        locks="rebar.lock",
        folders=(output("_build", "rebar3 compile", beside=("rebar.config",), inside=("default",)),),
    ),
)
