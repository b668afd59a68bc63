"""Elm, Haskell and OCaml."""

from __future__ import annotations

from codevault.policy.tools.table import Tool, dependency, output

TOOLS: tuple[Tool, ...] = (
    Tool(
        name="elm",
        locks="elm-stuff.lock",
        folders=(dependency("elm-stuff", "elm make", beside=("elm.json|elm-package.json",)),),
    ),
    Tool(
        name="Dune",
        folders=(output("_build", "dune build", beside=("dune-project",), inside=("default|log|.lock",)),),
    ),
    Tool(
        name="Stack",
        locks="stack.yaml.lock",
        folders=(output(".stack-work", "stack build", beside=("stack.yaml|package.yaml|*.cabal",)),),
    ),
    Tool(
        name="Cabal",
        locks="cabal.project.freeze",
        folders=(output("dist-newstyle", "cabal build", beside=("*.cabal|cabal.project",)),),
    ),
)
