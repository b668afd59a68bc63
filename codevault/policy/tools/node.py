"""Node.js: package managers, bundlers, frameworks and test tools."""

from __future__ import annotations

from codevault.policy.tools.table import Tool, cache, dependency, output

_NODE_BUILD = "*.js|*.mjs|*.cjs|*.map|*.css|*.d.ts|*.d.mts|*.d.cts|*.wasm|*.tsbuildinfo"
_NODE_MARKS = ".package-lock.json|.yarn-integrity|.yarn-state.yml|.modules.yaml|.pnpm|.bin"

TOOLS: tuple[Tool, ...] = (
    Tool(
        name="pnpm",
        locks="pnpm-lock.yaml",
        folders=(
            dependency("node_modules", "pnpm install --frozen-lockfile", beside=("package.json", "pnpm-lock.yaml")),
        ),
    ),
    Tool(
        name="yarn",
        locks="yarn.lock",
        folders=(dependency("node_modules", "yarn install --frozen-lockfile", beside=("package.json", "yarn.lock")),),
    ),
    Tool(
        name="bun",
        locks="bun.lock bun.lockb",
        folders=(
            dependency("node_modules", "bun install --frozen-lockfile", beside=("package.json", "bun.lock|bun.lockb")),
        ),
    ),
    Tool(
        name="npm",
        locks="package-lock.json npm-shrinkwrap.json",
        folders=(
            dependency("node_modules", "npm ci", beside=("package.json", "package-lock.json|npm-shrinkwrap.json")),
            dependency("node_modules", "npm install", beside=("package.json",), inside=(_NODE_MARKS,)),
        ),
    ),
    Tool(
        name="bower",
        folders=(dependency("bower_components", "bower install", beside=("bower.json",)),),
    ),
    Tool(
        name="jspm",
        folders=(dependency("jspm_packages", "jspm install", beside=("package.json|jspm.config.js",)),),
    ),
    Tool(
        name="bundlers and frameworks",
        folders=(
            output("dist|build|out", "npm run build", beside=("package.json",), inside=("*.map",), only=_NODE_BUILD),
            output("dist", "vite build", beside=("package.json", "vite.config.*"), inside=("index.html", "assets")),
            output(
                "build",
                "vite build",
                beside=("package.json", "svelte.config.*"),
                inside=("_app", "index.html|200.html"),
            ),
            output("out", "next build", beside=("package.json", "next.config.*"), inside=("_next",)),
            output(
                ".next|.nuxt|.output|.svelte-kit|.docusaurus|.angular",
                "npm run build",
                beside=("package.json",),
                never="",
            ),
            cache(".parcel-cache|.turbo|.vite|.astro|.expo", "npm run build", beside=("package.json",)),
        ),
    ),
    Tool(
        name="nyc, c8 and jest",
        folders=(
            output(
                "coverage",
                "run the tests with coverage",
                beside=("package.json",),
                inside=("lcov.info|coverage-final.json|clover.xml",),
                only="lcov.info|lcov-report|coverage-final.json|clover.xml|cobertura-coverage.xml|coverage-summary.json|tmp|.tmp",
            ),
            cache(".nyc_output", "run the tests with nyc"),
        ),
    ),
    Tool(
        name="Deno",
        locks="deno.lock",
        folders=(dependency("node_modules", "deno install", beside=("deno.json|deno.jsonc",), inside=(".deno",)),),
    ),
    Tool(
        name="Nx",
        folders=(cache(".nx", "nx build", beside=("nx.json",), only="cache|workspace-data"),),
    ),
    Tool(
        name="yarn's archives",
        folders=(dependency("cache", "yarn install", inside=("*.zip",), only="*.zip|.gitignore", below=".yarn"),),
    ),
)
