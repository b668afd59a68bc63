import pytest

from codevault.vcs.elsewhere import is_elsewhere


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/shop.git",
        "https://joe:hunter2@example.org:8443/shop",
        "ssh://git@example.org/shop",
        "git@example.org:shop.git",
        "example.org:shop",
        "git://192.0.2.7/shop",
        "ssh://[2001:db8::1]:22/shop",
        "[2001:db8::1]:shop",
        "svn+ssh://example.org/shop",
    ],
)
def test_hosts_are_elsewhere(url: str) -> None:
    assert is_elsewhere(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "shop",
        "/srv/shop.git",
        "../shop.git",
        "C:\\shop",
        "C:/shop",
        "file:///srv/shop.git",
        "file://example.org/shop.git",
        "ext::ssh example.org",
        "localhost:shop",
        "ssh://git@LOCALHOST./shop",
        "http://shop.localhost/x",
        "http://127.0.0.1/shop",
        "http://127.1/shop",
        "http://2130706433/shop",
        "http://0x7f.1/shop",
        "http://[::1]/shop",
        "http://[::ffff:127.0.0.1]/shop",
        "http://0.0.0.0/shop",
        "http://[fe80::1%eth0]/shop",
        "https:///shop",
        "mine:shop",
        "https://mine/shop",
        "unknown://example.org/shop",
        "https://exa\nmple.org/shop",
    ],
)
def test_paths_this_machine_and_doubts_are_not(url: str) -> None:
    assert not is_elsewhere(url, own_names=("Mine",))
