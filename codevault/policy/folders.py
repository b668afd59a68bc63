"""The table of folders: what must stand beside or inside one before it counts as something that can be made again.

A name alone is proof only where a tool reserves it for itself (`.mypy_cache`). Names that people also give to folders
of their own work (build, dist, out, bin, obj, vendor, target) need a manifest beside them and traces of the tool
inside; `lib` has no rule at all, since hand-written and compiled ones look alike by name.
"""

from __future__ import annotations

from dataclasses import dataclass

from codevault.policy.verdicts import PathClass

VCS_FOLDERS = ".git|.hg|.svn|.bzr|.jj|_darcs|.pijul"

# Directly inside a build folder these are somebody's work: compilers and packagers do not write them at its top.
HAND_WRITTEN = (
    "CMakeLists.txt|Dockerfile*|README*|*.md|*.rst|*.sh|*.bash|*.ps1|*.bat|*.py|*.rb|*.pl|*.c|*.cc|*.cpp|*.cxx|*.java"
    "|*.kt|*.scala|*.cs|*.go|*.rs|*.ex|*.exs|*.ts|*.tsx|*.jsx|*.vue|*.sql|*.tf"
)

_NODE_BUILD = "*.js|*.mjs|*.cjs|*.map|*.css|*.d.ts|*.d.mts|*.d.cts|*.wasm|*.tsbuildinfo"
_NODE_MARKS = ".package-lock.json|.yarn-integrity|.yarn-state.yml|.modules.yaml|.pnpm|.bin"
VENV_CONTENT = (
    "pyvenv.cfg|bin|include|lib|lib64|Scripts|Lib|Include|share|man|etc|.gitignore|CACHEDIR.TAG|.lock|.Python"
    "|pip-selfcheck.json"
)
_CONDA = (
    "bin|lib|include|share|etc|ssl|man|conda-meta|compiler_compat|sbin|var|libexec|fonts|doc|x86_64-conda*"
    "|aarch64-conda*|Scripts|Lib|Library|DLLs|Tools|Include|libs|*.dll|*.exe|.nonadmin|LICENSE_PYTHON.txt|pyvenv.cfg"
)
_GRADLE_BUILD = (
    "classes|libs|tmp|reports|generated|resources|test-results|intermediates|outputs|kotlin|distributions|docs|jacoco"
    "|install|publications|snapshot|spotless|scripts|kover|.transforms|problems|javadoc|bundled|dependency-cache"
)
_GRADLE = "build.gradle|build.gradle.kts|settings.gradle|settings.gradle.kts"
_PYTHON = "setup.py|pyproject.toml|setup.cfg"
_MSBUILD = "*.csproj|*.fsproj|*.vbproj"
_MSBUILD_CONFIGURATIONS = "Debug|Release|x64|x86|AnyCPU|ARM64|net[0-9]*"
_MSVC = (
    "*.obj|*.pdb|*.ilk|*.exe|*.dll|*.lib|*.exp|*.tlog|*.log|*.idb|*.iobj|*.ipdb|*.recipe|*.lastbuildstate|*.res|*.pch"
)
_EGG_INFO = (
    "PKG-INFO|SOURCES.txt|requires.txt|top_level.txt|entry_points.txt|dependency_links.txt|not-zip-safe|zip-safe"
    "|namespace_packages.txt|native_libs.txt|eager_resources.txt|scm_version.json|scm_file_list.json"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderRule:
    """One row. `names`, and each string of the other fields, hold alternatives separated by `|`, globs allowed.

    `beside`: each string must match a name in the parent folder; `inside`: each must match a name in the folder;
    `only`: every name in it must match; `never`: none may; `below`: how the parent's path must end. A name of
    `names` may be a plain name or `*.suffix`.
    """

    names: str
    path_class: PathClass
    beside: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()
    only: str = ""
    never: str = ""
    below: str = ""
    rebuild: str = ""
    keep: bool = False
    index: bool = False


def _dependency(
    names: str,
    rebuild: str,
    *,
    beside: tuple[str, ...] = (),
    inside: tuple[str, ...] = (),
    only: str = "",
    below: str = "",
) -> FolderRule:
    return FolderRule(
        names=names,
        path_class=PathClass.DEPENDENCY,
        beside=beside,
        inside=inside,
        only=only,
        below=below,
        rebuild=rebuild,
    )


def _output(
    names: str,
    rebuild: str,
    *,
    beside: tuple[str, ...] = (),
    inside: tuple[str, ...] = (),
    only: str = "",
    never: str = HAND_WRITTEN,
) -> FolderRule:
    return FolderRule(
        names=names,
        path_class=PathClass.BUILD_OUTPUT,
        beside=beside,
        inside=inside,
        only=only,
        never="" if only else never,
        rebuild=rebuild,
    )


def _cache(
    names: str,
    rebuild: str,
    *,
    beside: tuple[str, ...] = (),
    inside: tuple[str, ...] = (),
    only: str = "",
    never: str = "",
) -> FolderRule:
    return FolderRule(
        names=names,
        path_class=PathClass.CACHE,
        beside=beside,
        inside=inside,
        only=only,
        never=never,
        rebuild=rebuild,
    )


def _kept(names: str, path_class: PathClass, *, inside: tuple[str, ...] = ()) -> FolderRule:
    return FolderRule(names=names, path_class=path_class, inside=inside, keep=True)


DEPENDENCIES: tuple[FolderRule, ...] = (
    _dependency("node_modules", "pnpm install --frozen-lockfile", beside=("package.json", "pnpm-lock.yaml")),
    _dependency("node_modules", "yarn install --frozen-lockfile", beside=("package.json", "yarn.lock")),
    _dependency("node_modules", "bun install --frozen-lockfile", beside=("package.json", "bun.lock|bun.lockb")),
    _dependency("node_modules", "npm ci", beside=("package.json", "package-lock.json|npm-shrinkwrap.json")),
    _dependency("node_modules", "npm install", beside=("package.json",), inside=(_NODE_MARKS,)),
    _dependency("bower_components", "bower install", beside=("bower.json",)),
    _dependency("jspm_packages", "jspm install", beside=("package.json|jspm.config.js",)),
    _dependency("elm-stuff", "elm make", beside=("elm.json|elm-package.json",)),
    _dependency(
        ".venv|venv|env|.env",
        "python -m venv, then install what the manifests name",
        inside=("pyvenv.cfg",),
        only=VENV_CONTENT,
    ),
    _dependency(
        ".conda|conda|env|envs|venv|.venv",
        "conda env create",
        beside=("environment.yml|environment.yaml|conda-lock.yml",),
        inside=("conda-meta",),
        only=_CONDA,
    ),
    _dependency("__pypackages__", "pdm install", beside=("pyproject.toml",), inside=("3.*",), only="3.*"),
    _dependency(".eggs", "pip install .", beside=(_PYTHON,)),
    _dependency("vendor", "composer install", beside=("composer.json",), inside=("autoload.php", "composer")),
    _dependency("vendor", "go mod vendor", beside=("go.mod",), inside=("modules.txt",)),
    _dependency("bundle", "bundle install", inside=("ruby|jruby",), only="ruby|jruby", below="vendor"),
    _dependency("deps", "mix deps.get", beside=("mix.exs", "mix.lock")),
    _dependency("Pods", "pod install", beside=("Podfile",), inside=("Manifest.lock|Pods.xcodeproj",)),
    _dependency(
        "packages",
        "nuget restore",
        beside=("packages.config|*.sln",),
        inside=("*.[0-9]*",),
        only="*.[0-9]*|repositories.config",
    ),
    _dependency(".terraform", "terraform init", beside=("*.tf|*.tf.json|.terraform.lock.hcl",)),
)

OUTPUTS: tuple[FolderRule, ...] = (
    _output("target", "cargo build", beside=("Cargo.toml",), inside=(".rustc_info.json|CACHEDIR.TAG",)),
    _output(
        "target",
        "mvn package",
        beside=("pom.xml",),
        inside=("classes|test-classes|maven-status|maven-archiver|surefire-reports|generated-sources|*.jar|*.war",),
    ),
    _output(
        "target", "sbt compile", beside=("build.sbt|build.properties",), inside=("streams|scala-*|global-logging",)
    ),
    _output(
        "build",
        "gradle build",
        beside=(_GRADLE,),
        inside=("classes|libs|tmp|generated|intermediates",),
        only=_GRADLE_BUILD,
    ),
    _output(
        "build",
        "python -m build",
        beside=(_PYTHON,),
        inside=("bdist.*|lib.*|temp.*",),
        only="bdist.*|lib|lib.*|temp.*|scripts-*|__editable__*",
    ),
    _output(
        "build|_build|out|cmake-build-debug|cmake-build-release|cmake-build-relwithdebinfo|cmake-build-minsizerel",
        "cmake -S . -B build && cmake --build build",
        beside=("CMakeLists.txt",),
        inside=("CMakeCache.txt", "CMakeFiles"),
    ),
    _output(
        "build|builddir|_build",
        "meson setup build && ninja -C build",
        beside=("meson.build",),
        inside=("meson-info", "meson-private"),
    ),
    _output(
        "build",
        "flutter build",
        beside=("pubspec.yaml",),
        inside=(".last_build_id|flutter_assets|native_assets|*.cache.dill*",),
    ),
    _output(
        "dist", "python -m build", beside=(_PYTHON,), inside=("*.whl|*.tar.gz|*.egg",), only="*.whl|*.tar.gz|*.egg"
    ),
    _output("dist|build|out", "npm run build", beside=("package.json",), inside=("*.map",), only=_NODE_BUILD),
    _output("dist", "vite build", beside=("package.json", "vite.config.*"), inside=("index.html", "assets")),
    _output("build", "vite build", beside=("package.json", "svelte.config.*"), inside=("_app", "index.html|200.html")),
    _output("htmlcov", "coverage html", inside=("coverage_html*.js", "index.html", "status.json")),
    _output("out", "next build", beside=("package.json", "next.config.*"), inside=("_next",)),
    _output(
        "out",
        "build the project in the IDE",
        beside=("*.iml|.idea",),
        inside=("production",),
        only="production|test|artifacts",
    ),
    _output(
        ".next|.nuxt|.output|.svelte-kit|.docusaurus|.angular", "npm run build", beside=("package.json",), never=""
    ),
    _output("bin", "dotnet build", beside=(_MSBUILD,), inside=(_MSBUILD_CONFIGURATIONS,), only=_MSBUILD_CONFIGURATIONS),
    _output(
        "obj",
        "dotnet build",
        beside=(_MSBUILD,),
        inside=("project.assets.json|Debug|Release",),
        only=f"{_MSBUILD_CONFIGURATIONS}|project.assets.json|project.nuget.cache|*.nuget.*|*.cache",
    ),
    _output("Debug|Release", "msbuild", beside=("*.vcxproj",), inside=("*.obj|*.tlog|*.pdb",), only=_MSVC),
    _output("_build", "mix compile", beside=("mix.exs",), inside=("dev|test|prod",)),
    _output("_build", "rebar3 compile", beside=("rebar.config",), inside=("default",)),
    _output("_build", "dune build", beside=("dune-project",), inside=("default|log|.lock",)),
    _output("_build", "make html", beside=("conf.py",), inside=("doctrees",)),
    _output(".stack-work", "stack build", beside=("stack.yaml|package.yaml|*.cabal",)),
    _output("dist-newstyle", "cabal build", beside=("*.cabal|cabal.project",)),
    _output(
        ".build", "swift build", beside=("Package.swift",), inside=("checkouts|debug|release|workspace-state.json",)
    ),
    _output(
        "DerivedData",
        "xcodebuild",
        beside=("*.xcodeproj|*.xcworkspace",),
        inside=("ModuleCache.noindex|Build|info.plist",),
    ),
    _output("zig-out", "zig build", beside=("build.zig",), inside=("bin|lib",), only="bin|lib|include"),
    _output("*.egg-info", "pip install -e .", inside=("PKG-INFO",), only=_EGG_INFO),
    _output(".deps", "make", beside=("Makefile",), inside=("*.Po|*.Plo",), only="*.Po|*.Plo|*.Tpo"),
    _output("cdk.out", "cdk synth", beside=("cdk.json",), inside=("manifest.json|cdk.out",)),
    _output(
        "coverage",
        "run the tests with coverage",
        beside=("package.json",),
        inside=("lcov.info|coverage-final.json|clover.xml",),
        only="lcov.info|lcov-report|coverage-final.json|clover.xml|cobertura-coverage.xml|coverage-summary.json|tmp|.tmp",
    ),
)

CACHES: tuple[FolderRule, ...] = (
    _cache("__pycache__", "import the modules", only="*.pyc|*.pyo|*.pyc.*|*.nbi|*.nbc"),
    _cache(".mypy_cache", "mypy"),
    _cache(".ruff_cache", "ruff check"),
    _cache(".pytest_cache", "pytest"),
    _cache(".pytype", "pytype"),
    _cache(".tox", "tox"),
    _cache(".nox", "nox"),
    _cache(".nyc_output", "run the tests with nyc"),
    _cache(".sass-cache", "sass"),
    # ~/.gradle looks the same by name and holds settings and start-up scripts.
    _cache(".gradle", "gradle build", beside=(f"{_GRADLE}|gradlew",), never="gradle.properties|init.d|init.gradle*"),
    _cache(".kotlin", "gradle build", beside=(_GRADLE,)),
    _cache(".bloop|.metals", "sbt compile", beside=("build.sbt",)),
    _cache(".dart_tool", "dart pub get", beside=("pubspec.yaml",)),
    _cache(".parcel-cache|.turbo|.vite|.astro|.expo", "npm run build", beside=("package.json",)),
    _cache(".terragrunt-cache", "terragrunt init", beside=("terragrunt.hcl",)),
    _cache("zig-cache|.zig-cache", "zig build", beside=("build.zig",)),
    _cache("autom4te.cache", "autoreconf", beside=("configure.ac|configure.in",)),
    _cache(
        "Library",
        "open the project in Unity",
        beside=("Assets", "ProjectSettings"),
        inside=("ArtifactDB|metadata|PackageCache",),
    ),
    _cache("Temp", "open the project in Unity", beside=("Assets", "ProjectSettings"), inside=("UnityLockfile",)),
    _cache(".godot", "open the project in Godot", beside=("project.godot",)),
    _cache("Intermediate|DerivedDataCache", "open the project in Unreal", beside=("*.uproject",)),
)

# Of any name: nothing but the tool makes these together. In a source tree, what people wrote there keeps it.
MARKED: tuple[FolderRule, ...] = (
    _output("*", "cmake --build .", inside=("CMakeCache.txt", "CMakeFiles", "cmake_install.cmake")),
    _output("*", "meson setup", inside=("meson-private", "meson-info", "meson-logs")),
)

# Kept, never indexed. Version control is skipped only once a bridge can prove what is safe elsewhere.
KEPT: tuple[FolderRule, ...] = (
    _kept(VCS_FOLDERS, PathClass.VCS),
    _kept("CVS", PathClass.VCS, inside=("Entries", "Root")),
    _kept("*.git", PathClass.VCS, inside=("HEAD", "objects", "refs")),
    _kept(".env|.envs|.secrets|.ssh|.gnupg|.aws|.azure|.gcloud|.kube|.password-store", PathClass.SECRET),
    _kept("site-packages", PathClass.DEPENDENCY, inside=("*.dist-info|*.egg-info",)),
    # Found counterexamples, older notebook states: small, and no command brings them back.
    _kept(".hypothesis|.ipynb_checkpoints", PathClass.CACHE),
)

FOLDER_RULES: tuple[FolderRule, ...] = DEPENDENCIES + OUTPUTS + CACHES + KEPT
