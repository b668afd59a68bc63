from hypothesis import given
from hypothesis import strategies as st

from codevault.policy import DEFAULT
from codevault.policy.files import EXAMPLES
from codevault.policy.folders import FOLDER_RULES, VCS_FOLDERS

RULED = sorted({name.replace("*", "shop") for rule in FOLDER_RULES for name in rule.names.split("|")})
FOUND = sorted(
    {
        name.replace("*", "x").replace("[0-9]", "1")
        for rule in FOLDER_RULES
        for text in (*rule.beside, *rule.inside, rule.only)
        for name in text.split("|")
        if name
    }
)
names = st.sets(st.sampled_from(FOUND) | st.text(min_size=1, max_size=8), max_size=6)
folders = st.sampled_from(RULED) | st.text(min_size=1, max_size=8)


@given(name=folders, siblings=names, children=names)
def test_leaves_out_only_what_it_can_prove_and_explain(name: str, siblings: set[str], children: set[str]) -> None:
    verdict = DEFAULT.folder(name, name, siblings, lambda: children)

    assert verdict.keep or (verdict.certain and verdict.rebuild and verdict.reasons and children)


@given(name=folders, siblings=names, children=names, vcs=st.sampled_from(VCS_FOLDERS.split("|")))
def test_never_leaves_out_a_folder_with_a_repository_in_it(
    name: str, siblings: set[str], children: set[str], vcs: str
) -> None:
    assert DEFAULT.folder(name, name, siblings, lambda: children | {vcs}).keep


@given(path=st.text(), size=st.integers(min_value=0, max_value=1 << 60))
def test_keeps_every_file_whatever_its_name_and_size(path: str, size: int) -> None:
    assert DEFAULT.file(path.replace("..", "").lstrip("/"), size).keep


@given(suffix=st.text(min_size=1, max_size=12).map(str.lower).filter(lambda text: not set("/._-") & set(text)))
def test_takes_each_variant_of_env_for_a_secret_unless_it_is_an_example(suffix: str) -> None:
    assert DEFAULT.file(f".env.{suffix}", 1).index == (suffix.lower() in EXAMPLES)
