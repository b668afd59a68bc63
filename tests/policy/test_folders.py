from collections.abc import Collection

import pytest

from codevault.policy import DEFAULT, PathClass, Verdict
from codevault.policy.tools import TOOLS

BUILD = PathClass.BUILD_OUTPUT
DEPENDENCY = PathClass.DEPENDENCY
OUTPUT = PathClass.BUILD_OUTPUT

NODE_MODULES = {"left-pad", ".bin", ".package-lock.json"}
VENV = {"pyvenv.cfg", "bin", "lib", "lib64", "include", ".gitignore"}
CMAKE = {"CMakeCache.txt", "CMakeFiles", "Makefile", "cmake_install.cmake", "app"}


def judged(path: str, beside: Collection[str], inside: Collection[str]) -> Verdict:
    return DEFAULT.folder(path, path.rpartition("/")[2], {*beside, path.rpartition("/")[2]}, lambda: inside)


def forbidden() -> Collection[str]:
    raise AssertionError("an ordinary folder was listed")


@pytest.mark.parametrize("name", ["src", "lib", "parts", "my.package", "docs", ".github", "Build", "a.b.c"])
def test_judges_an_ordinary_folder_by_its_name_alone(name: str) -> None:
    verdict = DEFAULT.folder(f"app/{name}", name, {name, "package.json"}, forbidden)

    assert (verdict.keep, verdict.index, verdict.reasons) == (True, True, ())


@pytest.mark.parametrize(
    ("path", "beside", "inside", "path_class", "rebuild"),
    [
        ("node_modules", {"package.json", "package-lock.json"}, {"x"}, DEPENDENCY, "npm ci"),
        (
            "web/node_modules",
            {"package.json", "yarn.lock"},
            {"x"},
            PathClass.DEPENDENCY,
            "yarn install --frozen-lockfile",
        ),
        (
            "node_modules",
            {"package.json", "pnpm-lock.yaml"},
            {"x"},
            PathClass.DEPENDENCY,
            "pnpm install --frozen-lockfile",
        ),
        ("node_modules", {"package.json", "bun.lockb"}, {"x"}, DEPENDENCY, "bun install --frozen-lockfile"),
        ("node_modules", {"package.json"}, NODE_MODULES, DEPENDENCY, "npm install"),
        ("bower_components", {"bower.json"}, {"jquery"}, DEPENDENCY, "bower install"),
        ("jspm_packages", {"package.json"}, {"npm"}, DEPENDENCY, "jspm install"),
        ("elm-stuff", {"elm.json"}, {"0.19.1"}, DEPENDENCY, "elm make"),
        (".venv", set(), VENV, DEPENDENCY, "python -m venv, then install what the manifests name"),
        ("env", set(), VENV, DEPENDENCY, "python -m venv, then install what the manifests name"),
        ("env", {"environment.yml"}, {"conda-meta", "bin", "lib"}, DEPENDENCY, "conda env create"),
        ("vendor", {"composer.json"}, {"autoload.php", "composer", "acme"}, DEPENDENCY, "composer install"),
        ("vendor", {"go.mod"}, {"modules.txt", "github.com"}, DEPENDENCY, "go mod vendor"),
        ("vendor/bundle", set(), {"ruby"}, DEPENDENCY, "bundle install"),
        ("deps", {"mix.exs", "mix.lock"}, {"phoenix"}, DEPENDENCY, "mix deps.get"),
        ("Pods", {"Podfile"}, {"Manifest.lock", "AFNetworking"}, DEPENDENCY, "pod install"),
        ("packages", {"shop.sln"}, {"Newtonsoft.Json.13.0.1"}, DEPENDENCY, "nuget restore"),
        (".terraform", {"main.tf"}, {"providers"}, DEPENDENCY, "terraform init"),
        (".eggs", {"setup.py"}, {"README.txt", "x.egg"}, DEPENDENCY, "pip install ."),
        ("__pypackages__", {"pyproject.toml"}, {"3.11"}, DEPENDENCY, "pdm install"),
        ("target", {"Cargo.toml"}, {".rustc_info.json", "debug"}, OUTPUT, "cargo build"),
        ("target", {"pom.xml"}, {"classes", "shop-1.0.jar"}, OUTPUT, "mvn package"),
        ("project/target", {"build.properties"}, {"streams"}, OUTPUT, "sbt compile"),
        ("app/build", {"build.gradle.kts"}, {"classes", "tmp"}, OUTPUT, "gradle build"),
        ("build", {"setup.py"}, {"lib", "bdist.linux-x86_64"}, OUTPUT, "python -m build"),
        ("build", {"CMakeLists.txt"}, CMAKE, OUTPUT, "cmake -S . -B build && cmake --build build"),
        (
            "builddir",
            {"meson.build"},
            {"meson-info", "meson-private"},
            PathClass.BUILD_OUTPUT,
            "meson setup build && ninja -C build",
        ),
        ("dist", {"pyproject.toml"}, {"shop-1.0.whl", "shop-1.0.tar.gz"}, OUTPUT, "python -m build"),
        ("dist", {"package.json"}, {"app.js", "app.js.map"}, OUTPUT, "npm run build"),
        ("dist", {"package.json", "vite.config.ts"}, {"index.html", "assets"}, OUTPUT, "vite build"),
        (".next", {"package.json"}, {"cache", "README.md"}, OUTPUT, "npm run build"),
        ("bin", {"Shop.csproj"}, {"Debug"}, OUTPUT, "dotnet build"),
        (
            "obj",
            {"Shop.fsproj"},
            {"project.assets.json", "Shop.fsproj.nuget.g.props", "Debug"},
            PathClass.BUILD_OUTPUT,
            "dotnet build",
        ),
        ("_build", {"mix.exs"}, {"dev"}, OUTPUT, "mix compile"),
        ("docs/_build", {"conf.py"}, {"doctrees", "html"}, OUTPUT, "make html"),
        ("dist-newstyle", {"shop.cabal"}, {"cache"}, OUTPUT, "cabal build"),
        ("src/shop.egg-info", set(), {"PKG-INFO", "SOURCES.txt"}, OUTPUT, "pip install -e ."),
        ("pkg/__pycache__", {"a.py"}, {"a.cpython-311.pyc"}, PathClass.CACHE, "import the modules"),
        (".mypy_cache", set(), {"3.11", "CACHEDIR.TAG"}, PathClass.CACHE, "mypy"),
        (".tox", set(), {"py311"}, PathClass.CACHE, "tox"),
        (".gradle", {"gradlew"}, {"8.5"}, PathClass.CACHE, "gradle build"),
        (".dart_tool", {"pubspec.yaml"}, {"package_config.json"}, PathClass.CACHE, "dart pub get"),
        ("_site", {"_config.yml"}, {"index.html", "css"}, BUILD, "jekyll build"),
        ("public", {"hugo.toml"}, {"index.xml", "sitemap.xml"}, BUILD, "hugo"),
        ("site", {"mkdocs.yml"}, {"sitemap.xml", "search", "index.html"}, BUILD, "mkdocs build"),
        ("renv/library", {"activate.R"}, {"R-4.3"}, DEPENDENCY, "renv::restore()"),
        ("local", {"cpanfile.snapshot"}, {"lib", "bin"}, DEPENDENCY, "carton install"),
        (".pio", {"platformio.ini"}, {"build", "libdeps"}, BUILD, "pio run"),
        ("install", {"src"}, {"COLCON_IGNORE", ".colcon_install_layout", "setup.sh"}, BUILD, "colcon build"),
        ("target", {"project.clj"}, {"classes", "stale"}, BUILD, "lein compile"),
        ("lib", {"shard.lock"}, {".shards.info", "kemal"}, DEPENDENCY, "shards install"),
        ("lib/bs", set(), {".compiler.log", "src"}, BUILD, "rescript build"),
        (".yarn/cache", set(), {"a-npm-1.zip", ".gitignore"}, DEPENDENCY, "yarn install"),
        (".nx", {"nx.json"}, {"cache", "workspace-data"}, PathClass.CACHE, "nx build"),
        ("nimcache", set(), {"@main.nim.c"}, PathClass.CACHE, "nim c"),
    ],
)
def test_leaves_out_what_a_tool_made_and_can_make_again(
    path: str, beside: set[str], inside: set[str], path_class: PathClass, rebuild: str
) -> None:
    verdict = judged(path, beside, inside)

    assert (verdict.keep, verdict.index, verdict.certain) == (False, False, True)
    assert (verdict.path_class, verdict.rebuild) == (path_class, rebuild)
    assert len(verdict.reasons) == 1


@pytest.mark.parametrize(
    ("path", "beside", "inside"),
    [
        # Named like a tool's folder, without the tool.
        ("node_modules", {"README.md"}, NODE_MODULES),
        ("vendor", {"README.md"}, {"autoload.php", "composer"}),
        ("vendor", {"Gemfile"}, {"assets", "bundle"}),
        ("bundle", set(), {"ruby"}),
        ("build", {"Makefile"}, {"classes"}),
        ("target", {"README"}, {"debug", ".rustc_info.json"}),
        ("env", set(), {"settings.py", "__init__.py"}),
        ("venv", set(), {"bin", "lib"}),
        ("deps", {"mix.exs"}, {"mine"}),
        ("site", {"mkdocs.yml"}, {"index.html"}),
        ("public", {"hugo.toml"}, {"logo.svg"}),
        ("lib", {"shard.lock"}, {"mine"}),
        ("local", {"cpanfile.snapshot"}, {"lib", "notes.txt"}),
        ("build", {"src"}, {"plan.md"}),
        ("target", {"project.clj"}, {"aims.txt"}),
        (".gradle", set(), {"gradle.properties", "caches"}),
        ("bin", {"README"}, {"Debug"}),
        ("shop.egg-info", set(), {"notes.txt"}),
        # Beside the manifest, but with no trace of the tool in it.
        ("test/fixtures/app/node_modules", {"package.json"}, {"mylib", "index.js"}),
        ("build", {"CMakeLists.txt"}, {"toolchain.cmake", "linux"}),
        ("build", {"CMakeLists.txt"}, {"main.cpp", "main.h"}),
        ("build", {"build.gradle"}, {"ci.groovy"}),
        ("build", {"setup.py"}, {"lib"}),
        ("vendor", {"composer.json"}, {"patched"}),
        ("vendor", {"go.mod"}, {"github.com"}),
        ("bin", {"Shop.csproj"}, {"deploy.sh", "migrate.sh"}),
        ("obj", {"Shop.csproj"}, {"teapot.obj3d"}),
        ("dist", {"package.json"}, {"index.html", "main.js"}),
        ("target", {"pom.xml"}, {"archery.xml"}),
        ("out", {"package.json"}, {"letters"}),
        ("env", {"environment.yml"}, {"dev.yaml"}),
        # Proven, but somebody's own work lies in it as well.
        ("build", {"CMakeLists.txt"}, CMAKE | {"deploy.sh"}),
        ("build", {"CMakeLists.txt"}, CMAKE | {"CMakeLists.txt"}),
        ("build", {"build.gradle"}, {"classes", "release-notes"}),
        ("build", {"setup.py"}, {"bdist.linux", "lib", "hooks.py"}),
        ("env", set(), VENV | {"shop"}),
        ("env", set(), VENV | {"src"}),
        ("bin", {"Shop.csproj"}, {"Debug", "deploy.sh"}),
        ("dist", {"package.json"}, {"app.js", "app.js.map", "index.html"}),
        ("dist", {"package.json"}, {"app.js", "app.js.map", "app.ts"}),
        ("dist", {"setup.py"}, {"shop-1.0.whl", "shop-1.0.whl.asc"}),
        ("target", {"Cargo.toml"}, {".rustc_info.json", "debug", "notes.md"}),
        (".gradle", {"build.gradle"}, {"8.5", "gradle.properties"}),
        ("src/shop.egg-info", set(), {"PKG-INFO", "SOURCES.txt", "plan.md"}),
        ("pkg/__pycache__", {"a.py"}, {"a.cpython-311.pyc", "a.py"}),
        # A repository of its own may hold commits that were never pushed.
        ("vendor", {"go.mod"}, {"modules.txt", ".git"}),
        ("node_modules", {"package.json"}, NODE_MODULES | {".hg"}),
        (".tox", set(), {"py311", ".git"}),
        # Nothing is visible inside: empty, or unreadable.
        ("node_modules", {"package.json", "yarn.lock"}, set()),
        ("__pycache__", {"a.py"}, set()),
        (".mypy_cache", set(), set()),
        # Folders below .git/refs are named after branches.
        (".git/refs/heads/.tox", set(), {"main"}),
    ],
)
def test_keeps_and_indexes_a_folder_whose_content_might_be_somebodys_work(
    path: str, beside: set[str], inside: set[str]
) -> None:
    verdict = judged(path, beside, inside)

    assert (verdict.keep, verdict.index, verdict.rebuild) == (True, True, "")


def test_marks_a_guess_as_one_and_says_what_is_missing() -> None:
    verdict = judged("build", {"CMakeLists.txt"}, {"main.cpp"})

    assert (verdict.path_class, verdict.certain) == (PathClass.BUILD_OUTPUT, False)
    assert verdict.reasons[0].rule == "build-output folder, kept in doubt"
    assert (
        verdict.reasons[0].evidence == "build beside CMakeLists.txt, but nothing in it proves that it can be made again"
    )


def test_names_the_foreign_file_that_saved_a_folder() -> None:
    verdict = judged("env", set(), VENV | {"shop"})

    assert verdict.reasons[0].evidence == "env holds pyvenv.cfg, but it also holds shop"


def test_evidence_names_manifest_and_lock_file() -> None:
    verdict = judged("node_modules", {"package.json", "yarn.lock"}, {"x"})

    assert verdict.reasons[0].evidence == "node_modules beside package.json and yarn.lock"


def test_evidence_for_a_name_that_a_tool_reserves() -> None:
    cache = judged(".mypy_cache", set(), {"3.11"})
    compiled = judged("__pycache__", {"a.py"}, {"a.cpython-311.pyc"})

    assert cache.reasons[0].evidence == "named .mypy_cache"
    assert compiled.reasons[0].evidence.startswith("__pycache__ holds only *.pyc, ")


def test_evidence_is_the_same_whatever_the_order_of_names() -> None:
    forwards = DEFAULT.folder("bin", "bin", ["A.csproj", "B.csproj"], lambda: ["Debug"])
    backwards = DEFAULT.folder("bin", "bin", ["B.csproj", "A.csproj"], lambda: ["Debug"])

    assert forwards == backwards
    assert forwards.reasons[0].evidence == "bin beside A.csproj holds Debug"


def test_evidence_shows_no_control_characters_and_no_endless_names() -> None:
    verdict = judged("env", set(), VENV | {"\x1b]0;owned\x07" + "x" * 300})

    assert verdict.reasons[0].evidence.isprintable()
    assert len(verdict.reasons[0].evidence) < 130


@pytest.mark.parametrize("name", [".git", ".hg", ".svn", ".jj"])
def test_keeps_version_control_but_never_indexes_it(name: str) -> None:
    verdict = judged(f"lib/{name}", set(), {"HEAD"})

    assert (verdict.path_class, verdict.keep, verdict.index) == (PathClass.VCS, True, False)


def test_recognises_a_bare_repository_by_its_content() -> None:
    assert judged("shop.git", set(), {"HEAD", "objects", "refs"}).path_class is PathClass.VCS
    assert judged("notes.git", set(), {"HEAD"}).index


@pytest.mark.parametrize("name", [".ssh", ".aws", ".gnupg", ".kube", ".envs", ".env"])
def test_keeps_folders_of_credentials_but_never_indexes_them(name: str) -> None:
    verdict = judged(name, set(), {"production"})

    assert (verdict.path_class, verdict.keep, verdict.index) == (PathClass.SECRET, True, False)


def test_keeps_caches_that_no_command_brings_back() -> None:
    verdict = judged(".hypothesis", set(), {"examples"})

    assert (verdict.path_class, verdict.keep, verdict.index) == (PathClass.CACHE, True, False)


SIGNED = b"Signature: 8a477f597d28d172789f06886806bc55\n# made by a cache"


def test_leaves_out_a_folder_whose_cache_tag_carries_the_signature() -> None:
    verdict = DEFAULT.tagged({"CACHEDIR.TAG", "0f"}, lambda name: SIGNED)

    assert verdict is not None
    assert (verdict.path_class, verdict.keep) == (PathClass.CACHE, False)


def test_has_no_opinion_on_a_folder_without_cache_tag() -> None:
    assert DEFAULT.tagged({"cache"}) is None


@pytest.mark.parametrize(
    ("names", "head", "index"),
    [
        ({"CACHEDIR.TAG", "0f"}, b"", True),
        ({"CACHEDIR.TAG", "0f"}, b"Signature: 8a477f", True),
        ({"CACHEDIR.TAG", "main.py"}, SIGNED, True),
        ({"CACHEDIR.TAG", ".git"}, SIGNED, True),
    ],
)
def test_keeps_a_tagged_folder_that_may_not_be_a_cache(names: set[str], head: bytes, index: bool) -> None:
    verdict = DEFAULT.tagged(names, lambda name: head)

    assert verdict is not None
    assert (verdict.keep, verdict.index, verdict.certain) == (True, index, False)


def test_keeps_a_tagged_folder_out_of_the_index_while_the_tag_is_unread() -> None:
    verdict = DEFAULT.tagged({"CACHEDIR.TAG", "0f"})

    assert verdict is not None
    assert (verdict.keep, verdict.index, verdict.certain) == (True, False, False)


def test_leaves_out_a_virtual_environment_of_any_name() -> None:
    verdict = DEFAULT.tagged(VENV | {"CACHEDIR.TAG"})

    assert verdict is not None
    assert (verdict.path_class, verdict.keep) == (DEPENDENCY, False)


def test_keeps_a_virtual_environment_with_code_beside_it_even_when_tagged_as_cache() -> None:
    verdict = DEFAULT.tagged(VENV | {"CACHEDIR.TAG", "shop"}, lambda name: SIGNED)

    assert verdict is not None
    assert (verdict.keep, verdict.index, verdict.certain) == (True, True, False)
    assert verdict.reasons[0].evidence == "holds pyvenv.cfg, but also shop"


def test_each_tool_is_a_small_table_whose_rows_say_how_to_make_its_folders_again() -> None:
    assert len({tool.name for tool in TOOLS}) == len(TOOLS) >= 40
    assert all(rule.rebuild for tool in TOOLS for rule in tool.folders)
    assert all(DEFAULT.file(lock, 1).path_class is PathClass.LOCK_FILE for tool in TOOLS for lock in tool.locks.split())
