import pytest

from codevault.errors import InvalidArgument
from codevault.policy import DEFAULT, PathClass, Policy


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        "web/.env.local",
        ".env.production",
        ".env.test",
        "prod.env",
        ".envrc",
        "certs/server.pem",
        "SERVER.PEM",
        "private.key",
        "config/master.key",
        "a.p12",
        "a.pfx",
        "release.jks",
        "debug.keystore",
        "id_rsa",
        "keys/id_ed25519",
        "id_rsa_github",
        "keys/github_rsa",
        ".env-prod",
        ".env_local",
        ".env.example.local",
        "secrets.prod.yaml",
        ".npmrc",
        ".pypirc",
        ".netrc",
        ".htpasswd",
        ".git-credentials",
        "credentials.json",
        "credentials-prod.json",
        "service-account-7f3.json",
        "serviceAccountKey.json",
        "client_secret_123.apps.json",
        "secrets.yml",
        "secrets.yaml",
        "secrets.toml",
        "secrets.json",
        "passwords.kdbx",
        "terraform.tfstate",
        "terraform.tfstate.backup",
        "terraform.tfstate.1700000000.backup",
        "prod.tfvars",
        "blog/wp-config.php",
        ".aws/credentials",
        "home/.docker/config.json",
        ".cargo/credentials.toml",
        ".bundle/config",
        ".env~",
        ".env.bak",
        "id_rsa.old",
        ".wp-config.php.swp",
        ".wp-config.php.swo",
        "..env.swp",
        "#secrets.yml#",
        "server.pem.orig.bak",
    ],
)
def test_keeps_secrets_out_of_the_index_but_in_the_archive(path: str) -> None:
    verdict = DEFAULT.file(path, 100)

    assert (verdict.path_class, verdict.keep, verdict.index) == (PathClass.SECRET, True, False)


@pytest.mark.parametrize(
    "path",
    [
        ".env.example",
        ".env.sample",
        ".env.template",
        "web/.env.dist",
        ".env-example",
        ".env.local.sample",
        "id_ed25519.pub",
        "secrets.md",
        "wp-config-sample.php",
        "environment.ts",
        "config.json",
        "docker/config.json",
        "config",
        "credentials",
        "credentials.py",
        "secrets.py",
        "id_rsa.pub",
        "keyboard.js",
        "server.pem.md",
        "~",
        "#",
        ".bak",
    ],
)
def test_indexes_what_only_looks_like_a_secret(path: str) -> None:
    verdict = DEFAULT.file(path, 100)

    assert verdict.path_class is not PathClass.SECRET
    assert verdict.index


@pytest.mark.parametrize(
    ("path", "path_class"),
    [
        ("src/app.py", PathClass.SOURCE),
        ("Main.JAVA", PathClass.SOURCE),
        ("contest.py", PathClass.SOURCE),
        ("latest/index.js", PathClass.SOURCE),
        ("app.py.orig", PathClass.SOURCE),
        ("tests/app.py", PathClass.TEST),
        ("pkg/test_app.py", PathClass.TEST),
        ("pkg/app_test.go", PathClass.TEST),
        ("src/app.spec.ts", PathClass.TEST),
        ("src/__tests__/app.jsx", PathClass.TEST),
        ("src/main/TaxTest.java", PathClass.TEST),
        ("pyproject.toml", PathClass.CONFIG),
        ("Dockerfile", PathClass.CONFIG),
        ("package.json", PathClass.CONFIG),
        ("package-lock.json", PathClass.LOCK_FILE),
        ("Cargo.lock", PathClass.LOCK_FILE),
        ("README", PathClass.DOCS),
        ("docs/guide.rst", PathClass.DOCS),
        ("logo.png", PathClass.ASSET),
        ("orders.csv", PathClass.DATA),
        ("app.min.js", PathClass.GENERATED),
        ("app.js.map", PathClass.GENERATED),
        ("shop_pb2.py", PathClass.GENERATED),
        ("schema.generated.ts", PathClass.GENERATED),
        ("photo", PathClass.OTHER),
        ("a.unheard-of", PathClass.OTHER),
        ("", PathClass.OTHER),
    ],
)
def test_classifies_and_indexes_ordinary_files(path: str, path_class: PathClass) -> None:
    verdict = DEFAULT.file(path, 100)

    assert (verdict.path_class, verdict.keep, verdict.index) == (path_class, True, True)


@pytest.mark.parametrize(
    ("path", "path_class"),
    [
        ("model.safetensors", PathClass.LARGE_BINARY),
        ("intro.mp4", PathClass.LARGE_BINARY),
        ("weights.bin", PathClass.LARGE_BINARY),
        ("shop.sqlite", PathClass.DATABASE),
        ("a.pyc", PathClass.GENERATED),
        (".DS_Store", PathClass.CACHE),
        ("vendor/lib/.git", PathClass.VCS),
    ],
)
def test_keeps_what_holds_no_text_without_indexing_it(path: str, path_class: PathClass) -> None:
    verdict = DEFAULT.file(path, 100)

    assert (verdict.path_class, verdict.keep, verdict.index) == (path_class, True, False)


def test_does_not_index_huge_generated_files_and_says_so() -> None:
    verdict = DEFAULT.file("app.min.js", (1 << 20) + 1)

    assert (verdict.path_class, verdict.keep, verdict.index) == (PathClass.GENERATED, True, False)
    assert [reason.rule for reason in verdict.reasons] == ["written by a tool from other files", "size"]


def test_indexes_a_source_file_larger_than_the_limit_for_generated_ones() -> None:
    assert DEFAULT.file("app.js", (1 << 20) + 1).index


def test_does_not_index_any_file_above_the_policys_limit() -> None:
    policy = Policy(largest_indexed=10)

    assert policy.file("a.py", 10).index
    assert not policy.file("a.py", 11).index


def test_says_by_which_name_or_suffix_it_decided() -> None:
    assert DEFAULT.file("x/app.py", 1).reasons[0].evidence == "*.py"
    assert DEFAULT.file("x/.npmrc", 1).reasons[0].evidence == ".npmrc"


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../b"])
def test_a_path_that_leads_out_of_the_project_has_no_verdict(path: str) -> None:
    with pytest.raises(InvalidArgument):
        DEFAULT.file(path, 1)


def test_fingerprint_tells_policies_apart_that_decide_differently() -> None:
    assert Policy().fingerprint == DEFAULT.fingerprint
    assert Policy(largest_indexed=10).fingerprint != DEFAULT.fingerprint
    assert Policy(folder_rules=()).fingerprint != DEFAULT.fingerprint
