import pytest

from codevault.vcs.urls import public_url


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://github.com/acme/shop.git", "https://github.com/acme/shop.git"),
        ("https://joe:hunter2@github.com/acme/shop.git", "https://github.com/acme/shop.git"),
        ("https://ghp_token@github.com/acme/shop.git", "https://github.com/acme/shop.git"),
        ("https://joe:hunter2@host:8443/shop", "https://host:8443/shop"),
        ("https://joe:p@ss@host/shop", "https://host/shop"),
        ("https://joe:hunter2@[::1]:8443/shop", "https://[::1]:8443/shop"),
        ("https://host/shop?private_token=hunter2", "https://host/shop"),
        ("https://host/shop#hunter2", "https://host/shop"),
        ("https://host?token=hunter2", "https://host"),
        ("https://host/@acme/shop", "https://host/@acme/shop"),
        ("https://host:8443/@acme/shop", "https://host:8443/@acme/shop"),
        ("ssh://git@host:22/acme/shop", "ssh://host:22/acme/shop"),
        ("git@github.com:acme/shop.git", "github.com:acme/shop.git"),
        ("host:path/to/shop", "host:path/to/shop"),
        ("/srv/git/shop.git", "/srv/git/shop.git"),
        ("../shop.git", "../shop.git"),
        ("file:///srv/git/shop.git", "file:///srv/git/shop.git"),
        ("svn+ssh://joe@host/repo/trunk", "svn+ssh://host/repo/trunk"),
        ("  https://host/shop\n", "https://host/shop"),
    ],
)
def test_shows_where_a_remote_is(url: str, public: str) -> None:
    assert public_url(url) == public


@pytest.mark.parametrize(
    "url",
    [
        "https://joe:hunter2/x@host/shop",
        "https://joe:12/hunter2@host/shop",
        "https://joe:x?hunter2@host/shop",
        "https://joe:x#hunter2@host/shop",
        "https://joe:x\\hunter2@host/shop",
        "https://joe:hunter2",
        "joe:x/hunter2@host:shop",
        "joe:hunter2@host:shop",
        "ext::sh -c 'curl -u joe:hunter2 host'",
        "codecommit::https://joe:hunter2@host/shop",
        "https://host/shop\x00hunter2",
        "https://host/" + "hunter2" * 400,
    ],
)
def test_never_shows_a_password_however_oddly_it_is_written(url: str) -> None:
    assert "hunter2" not in public_url(url)


def test_keeps_only_the_name_of_a_remote_helper_that_runs_a_command() -> None:
    assert public_url("ext::sh -c whatever") == "ext::"


def test_an_empty_url_stays_empty() -> None:
    assert public_url("") == ""
