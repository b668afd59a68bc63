"""Python: environments, packaging, documentation and test tools."""

from __future__ import annotations

from codevault.policy.tools.table import VENV_CONTENT, Tool, cache, dependency, output

_CONDA = (
    "bin|lib|include|share|etc|ssl|man|conda-meta|compiler_compat|sbin|var|libexec|fonts|doc|x86_64-conda*"
    "|aarch64-conda*|Scripts|Lib|Library|DLLs|Tools|Include|libs|*.dll|*.exe|.nonadmin|LICENSE_PYTHON.txt|pyvenv.cfg"
)
_PYTHON = "setup.py|pyproject.toml|setup.cfg"
_EGG_INFO = (
    "PKG-INFO|SOURCES.txt|requires.txt|top_level.txt|entry_points.txt|dependency_links.txt|not-zip-safe|zip-safe"
    "|namespace_packages.txt|native_libs.txt|eager_resources.txt|scm_version.json|scm_file_list.json"
)

TOOLS: tuple[Tool, ...] = (
    Tool(
        name="pip and venv",
        folders=(
            dependency(
                ".venv|venv|env|.env",
                "python -m venv, then install what the manifests name",
                inside=("pyvenv.cfg",),
                only=VENV_CONTENT,
            ),
        ),
    ),
    Tool(
        name="conda",
        locks="conda-lock.yml",
        folders=(
            dependency(
                ".conda|conda|env|envs|venv|.venv",
                "conda env create",
                beside=("environment.yml|environment.yaml|conda-lock.yml",),
                inside=("conda-meta",),
                only=_CONDA,
            ),
        ),
    ),
    Tool(
        name="pdm",
        locks="pdm.lock",
        folders=(dependency("__pypackages__", "pdm install", beside=("pyproject.toml",), inside=("3.*",), only="3.*"),),
    ),
    Tool(
        name="setuptools",
        folders=(
            dependency(".eggs", "pip install .", beside=(_PYTHON,)),
            output(
                "build",
                "python -m build",
                beside=(_PYTHON,),
                inside=("bdist.*|lib.*|temp.*",),
                only="bdist.*|lib|lib.*|temp.*|scripts-*|__editable__*",
            ),
            output(
                "dist",
                "python -m build",
                beside=(_PYTHON,),
                inside=("*.whl|*.tar.gz|*.egg",),
                only="*.whl|*.tar.gz|*.egg",
            ),
            output("*.egg-info", "pip install -e .", inside=("PKG-INFO",), only=_EGG_INFO),
        ),
    ),
    Tool(
        name="coverage.py",
        folders=(output("htmlcov", "coverage html", inside=("coverage_html*.js", "index.html", "status.json")),),
    ),
    Tool(
        name="sphinx",
        folders=(output("_build", "make html", beside=("conf.py",), inside=("doctrees",)),),
    ),
    Tool(
        name="Python's caches",
        folders=(
            cache("__pycache__", "import the modules", only="*.pyc|*.pyo|*.pyc.*|*.nbi|*.nbc"),
            cache(".mypy_cache", "mypy"),
            cache(".ruff_cache", "ruff check"),
            cache(".pytest_cache", "pytest"),
            cache(".pytype", "pytype"),
            cache(".tox", "tox"),
            cache(".nox", "nox"),
        ),
    ),
    Tool(name="uv", locks="uv.lock"),
    Tool(name="Poetry", locks="poetry.lock"),
    Tool(name="Pipenv", locks="pipfile.lock"),
    Tool(
        name="Pixi",
        locks="pixi.lock",
        folders=(dependency(".pixi", "pixi install", beside=("pixi.lock",), inside=("envs",)),),
    ),
)
