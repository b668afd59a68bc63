"""Rules for the stacks a project is made with, in the form that people write. Nothing here leaves anything out.

A preset is used for each stack that a project is detected to have, unless a rules file names `presets` of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from codevault.policy.rulesfile import RulesFile, read_rules

_LOGS = """
[[rule]]
paths = ["*.log", "logs/", "!CHANGELOG.log"]
cadence = "hourly"
why = "logs grow with every run"
"""

PRESETS: Mapping[str, str] = MappingProxyType(
    {
        "python": _LOGS
        + """
[[rule]]
paths = ["site/", "htmlcov/", ".coverage.*", "coverage.xml", "*.egg-link", ".eggs/"]
cadence = "daily"
priority = "low"
why = "what documentation and test tools write"
""",
        "data-science": """
[[rule]]
paths = ["data/raw/", "data/external/"]
priority = "irreplaceable"
retention = "last"
why = "raw data is measured once"

[[rule]]
paths = ["data/interim/", "data/processed/", "mlruns/", "wandb/", "lightning_logs/", "catboost_info/"]
cadence = "daily"
why = "made from raw data, but in hours"

[[rule]]
paths = ["checkpoints/", "*.ckpt", "*.safetensors"]
cadence = "daily"
why = "training writes one after the other"
""",
        "django": """
[always]
paths = ["media/", "uploads/"]

[[rule]]
paths = ["media/", "uploads/"]
priority = "irreplaceable"
retention = "last"
why = "what users uploaded"

[[rule]]
paths = ["staticfiles/", "*.mo"]
cadence = "daily"
rebuild = "python manage.py collectstatic"
why = "collected from apps"
""",
        "node": _LOGS
        + """
[[rule]]
paths = ["storybook-static/", "coverage/", ".eslintcache", ".stylelintcache", ".cache/", "playwright-report/"]
cadence = "daily"
priority = "low"
why = "what test and build tools write"
""",
        "ruby": _LOGS
        + """
[[rule]]
paths = ["tmp/cache/", "tmp/pids/", "coverage/", "public/packs/", "public/assets/"]
cadence = "daily"
priority = "low"
why = "what Rails and its tools write"

[[rule]]
paths = ["storage/", "public/uploads/"]
priority = "irreplaceable"
retention = "last"
why = "what users uploaded"
""",
        "php": """
[[rule]]
paths = ["storage/framework/", "bootstrap/cache/*.php", "var/cache/", "var/log/", ".phpunit.result.cache"]
cadence = "daily"
priority = "low"
why = "caches of frameworks"

[[rule]]
paths = ["storage/app/", "wp-content/uploads/"]
priority = "irreplaceable"
retention = "last"
why = "what users uploaded"
""",
        "java": """
[[rule]]
paths = ["*.hprof", "hs_err_pid*.log", "out/production/", "out/test/"]
cadence = "daily"
priority = "low"
why = "what the JVM and the IDE write"

[[rule]]
paths = ["local.properties", "keystore.properties"]
priority = "irreplaceable"
retention = "last"
why = "settings of this machine"
""",
        "rust": """
[[rule]]
paths = ["*.profraw", "*.profdata", "flamegraph.svg", "perf.data*"]
cadence = "daily"
priority = "low"
why = "measurements of one run"
""",
        "go": """
[[rule]]
paths = ["*.test", "*.prof", "cover.out", "coverage.out"]
cadence = "daily"
priority = "low"
why = "what test runs write"
""",
        "cmake": """
[[rule]]
paths = ["compile_commands.json", ".cache/clangd/", "Testing/", "_CPack_Packages/"]
cadence = "daily"
priority = "low"
why = "what CMake and clangd write"
""",
        "dotnet": """
[[rule]]
paths = [".vs/", "TestResults/", "*.user", "BenchmarkDotNet.Artifacts/"]
cadence = "daily"
why = "what the IDE and test runs write"
""",
        "terraform": """
[[rule]]
paths = ["*.tfplan", "crash.log", ".infracost/"]
cadence = "daily"
why = "made by the next plan"
""",
        "latex": """
[[rule]]
paths = ["*.aux", "*.bbl", "*.blg", "*.fdb_latexmk", "*.fls", "*.synctex.gz", "*.toc", "*.lof", "*.lot", "*.out"]
class = "generated"
cadence = "daily"
index = false
rebuild = "latexmk"
why = "what LaTeX writes beside a document"
""",
        "unity": """
[[rule]]
paths = ["/Temp/", "/Logs/", "/UserSettings/", "/Builds/", "/MemoryCaptures/"]
cadence = "daily"
why = "what the editor writes"
""",
        "docker": """
[[rule]]
paths = ["volumes/", "pgdata/", "mysql-data/", "redis-data/"]
priority = "irreplaceable"
retention = "last"
why = "data of containers"
""",
    }
)
"""By stack. The text of each is a rules file."""


@lru_cache(maxsize=len(PRESETS))
def preset(name: str) -> RulesFile:
    """A preset's rules."""
    return read_rules(PRESETS[name].encode("utf-8"), f"preset {name}", origin=f"preset {name}")
