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
        folders=(
            output("dist-newstyle", "cabal build", beside=("*.cabal|cabal.project",)),
            output("dist", "cabal build", beside=("*.cabal",), inside=("setup-config",)),
        ),
    ),
    Tool(
        name="opam",
        folders=(
            dependency("_opam", "opam switch create .", beside=("*.opam|dune-project",), inside=(".opam-switch",)),
        ),
    ),
    Tool(
        name="PureScript",
        folders=(
            output("output", "spago build", beside=("spago.dhall|spago.yaml",), inside=("cache-db.json",)),
            dependency(".spago", "spago install", beside=("spago.dhall|spago.yaml",)),
        ),
    ),
    Tool(
        name="ReScript",
        folders=(output("bs", "rescript build", inside=(".compiler.log|build.ninja",), below="lib"),),
    ),
)
