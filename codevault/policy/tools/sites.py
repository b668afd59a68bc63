"""Generators of web sites and packagers of functions."""

from __future__ import annotations

from codevault.policy.tools.table import Tool, cache, output

_HUGO = "hugo.toml|hugo.yaml|hugo.json"
_SERVERLESS = "serverless.yml|serverless.yaml|serverless.ts|serverless.js"

TOOLS: tuple[Tool, ...] = (
    Tool(
        name="Jekyll",
        folders=(
            output("_site", "jekyll build", beside=("_config.yml",), inside=("index.html|feed.xml|sitemap.xml",)),
            cache(".jekyll-cache", "jekyll build", beside=("_config.yml",)),
        ),
    ),
    Tool(
        name="Hugo",
        folders=(output("public", "hugo", beside=(_HUGO,), inside=("index.xml", "sitemap.xml")),),
    ),
    Tool(
        name="MkDocs",
        folders=(output("site", "mkdocs build", beside=("mkdocs.yml",), inside=("sitemap.xml", "search")),),
    ),
    Tool(
        name="Gatsby",
        folders=(
            output("public", "gatsby build", beside=("gatsby-config.*",), inside=("page-data",)),
            cache(".cache", "gatsby build", beside=("gatsby-config.*",), inside=("redux|caches",)),
        ),
    ),
    Tool(
        name="Storybook",
        folders=(
            output(
                "storybook-static", "storybook build", beside=("package.json",), inside=("iframe.html", "index.html")
            ),
        ),
    ),
    Tool(
        name="Serverless and SAM",
        folders=(
            output(".serverless", "serverless package", beside=(_SERVERLESS,)),
            output(".aws-sam", "sam build", beside=("template.yaml|template.yml|samconfig.toml",), inside=("build*",)),
        ),
    ),
)
