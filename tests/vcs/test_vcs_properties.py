from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from codevault.vcs import detect
from codevault.vcs.git_config import parse_config
from codevault.vcs.urls import public_url

plain = st.text("abcdefgh0123456789-_", min_size=1, max_size=12)
with_slashes = st.text("abc0123456789-_:;.!$&'()*+,=%[] /\\?#", max_size=12)
with_ats = st.text("abc0123456789-_:;.!$&'()*+,=%[] @", max_size=12)


@given(text=st.text('[]"\\=#;\n\r \tab.9é', max_size=200))
def test_reads_any_text_as_a_configuration(text: str) -> None:
    assert all(entry.section and entry.key for entry in parse_config(text))


@given(value=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40))
def test_reads_every_quoted_value_as_it_was_written(value: str) -> None:
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')

    assert [entry.value for entry in parse_config(f'[a]\nb = "{quoted}"\n')] == [value]


@given(user=plain, around=st.tuples(with_slashes, with_slashes) | st.tuples(with_ats, with_ats), path=with_ats)
def test_no_password_survives_in_a_url(user: str, around: tuple[str, str], path: str) -> None:
    assert "HUNTER2" not in public_url(f"https://{user}:{around[0]}HUNTER2{around[1]}@host/{path}")


@given(url=st.text(max_size=60))
def test_what_was_made_public_stays_as_it_is(url: str) -> None:
    assert public_url(public_url(url)) == public_url(url)


@settings(max_examples=60, deadline=None)
@given(head=st.binary(max_size=80), packed=st.binary(max_size=200), config=st.binary(max_size=200), pointer=st.binary())
def test_never_raises_for_what_lies_in_a_repository(head: bytes, packed: bytes, config: bytes, pointer: bytes) -> None:
    with TemporaryDirectory() as folder:
        for name in ("a/.git", "a/.hg", "b"):
            (Path(folder) / name).mkdir(parents=True)
        for name, content in (("HEAD", head), ("packed-refs", packed), ("config", config), ("commondir", pointer)):
            (Path(folder) / "a/.git" / name).write_bytes(content)
        for name, content in (("dirstate", head), ("branch", packed), ("hgrc", config)):
            (Path(folder) / "a/.hg" / name).write_bytes(content)
        (Path(folder) / "b/.git").write_bytes(b"gitdir: " + pointer)

        assert detect(Path(folder) / "a") is not None
        assert detect(Path(folder) / "b") is not None


@settings(deadline=None, max_examples=30)
@given(before=st.integers(min_value=1100, max_value=1140), width=st.integers(min_value=1, max_value=60))
def test_finds_a_packed_branch_wherever_blocks_end(before: int, width: int) -> None:
    with TemporaryDirectory() as folder:
        git = Path(folder) / ".git"
        git.mkdir()
        (git / "HEAD").write_text("ref: refs/heads/main")
        lines = f"{'1' * 40} refs/heads/{'x' * width}\n" + f"{'1' * 40} refs/tags/v10000\n" * before
        (git / "packed-refs").write_text(f"{lines}{'2' * 40} refs/heads/main\n{lines}")
        found = detect(Path(folder))

    assert found is not None
    assert found.head == "2" * 40
