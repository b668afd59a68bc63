from codevault.activity.editors import Leaving, trace_of
from codevault.activity.model import Move, Observed, Signal, SignalKind
from codevault.activity.noting import Noting
from codevault.activity.touched import touched
from tests.activity.seen import BLOG, SHOP, TIMING, at, signal

CHANGED, GONE = SignalKind.CHANGED, SignalKind.GONE


def noted(*batches: list[Signal]) -> list[Observed]:
    """What comes of looks at one project, one batch a look."""
    noting = Noting(TIMING)
    return [seen for second, batch in enumerate(batches) for seen in noting.note(batch, at(second))]


def only(*batches: list[Signal]) -> Observed:
    (seen,) = noted(*batches)
    return seen


LEFT = {
    ".tax.py.swp": (Leaving.SWAP, "tax.py"),
    ".tax.py.swo": (Leaving.SWAP, "tax.py"),
    "#tax.py#": (Leaving.SWAP, "tax.py"),
    ".tax.py.kate-swp": (Leaving.SWAP, "tax.py"),
    ".#tax.py": (Leaving.LOCK, "tax.py"),
    ".~lock.offer.odt#": (Leaving.LOCK, "offer.odt"),
    "~$offer.docx": (Leaving.LOCK, "offer.docx"),
    "tax.py~": (Leaving.BACKUP, "tax.py"),
    "tax.py___jb_old___": (Leaving.BACKUP, "tax.py"),
    "tax.py___jb_tmp___": (Leaving.TEMPORARY, "tax.py"),
    "tax.py.tmp": (Leaving.TEMPORARY, "tax.py"),
    "tax.py.tmp-1a2b": (Leaving.TEMPORARY, "tax.py"),
    ".tax.py.Xa91Bc": (Leaving.TEMPORARY, "tax.py"),
    "4913": (Leaving.TEMPORARY, ""),
    ".goutputstream-A1B2C3": (Leaving.TEMPORARY, ""),
    ".nfs000000000123abcd": (Leaving.TEMPORARY, ""),
}
ORDINARY = ["tax.py", ".env", ".gitignore", "sedimentation.py", "1234", "a" * 300, "C#", ".swp", "#"]
SAVES = {
    "vim": [
        signal(CHANGED, "4913"),
        signal(GONE, "4913"),
        signal(CHANGED, "a.py~"),
        signal(GONE, "a.py"),
        signal(CHANGED, "a.py"),
    ],
    "jetbrains": [signal(CHANGED, "a.py___jb_tmp___"), signal(GONE, "a.py___jb_tmp___"), signal(CHANGED, "a.py")],
    "glib": [signal(CHANGED, ".goutputstream-A1B2C3"), signal(GONE, ".goutputstream-A1B2C3"), signal(CHANGED, "a.py")],
    "in place": [signal(CHANGED, "a.py"), signal(CHANGED, "a.py"), signal(CHANGED, "a.py")],
}


def test_what_an_editor_leaves_is_told_from_its_name() -> None:
    found = {name: trace and (trace.leaving, trace.original) for name in LEFT for trace in [trace_of(name)]}

    assert found == LEFT


def test_an_ordinary_file_is_nobodys_leaving() -> None:
    assert [name for name in ORDINARY if trace_of(name) is not None] == []


def test_a_save_is_one_edit_however_an_editor_does_it() -> None:
    seen = {editor: only(signals) for editor, signals in SAVES.items()}

    assert {(s.files, s.gone, s.weight, s.hand) for s in seen.values()} == {(1, 0, 1.0, True)}


def test_a_file_that_comes_back_at_the_next_look_never_went() -> None:
    assert [seen.gone for seen in noted([signal(GONE, "a.py")], [signal(CHANGED, "a.py")], [])] == [0]


def test_a_file_that_stays_away_is_gone_at_the_next_look() -> None:
    assert [(seen.gone, seen.files) for seen in noted([signal(GONE, "a.py")], [])] == [(1, 1)]


def test_a_swap_file_says_that_somebody_types_what_is_not_saved_yet() -> None:
    seen = only([signal(CHANGED, ".a.py.swp")])

    assert (seen.beat, seen.hand, seen.files, seen.weight, seen.within_s) == (True, True, 0, 0.0, 300.0)


def test_a_lock_file_is_a_beat_and_no_change() -> None:
    seen = only([signal(CHANGED, ".~lock.offer.odt#")])

    assert (seen.beat, seen.changes) == (True, 0)


def test_a_backup_file_alone_says_nothing() -> None:
    assert noted([signal(CHANGED, "a.py~")]) == []


def test_a_file_counts_once_until_it_is_saved() -> None:
    noting = Noting(TIMING)
    first, second = (noting.note([signal(CHANGED, "a.py")], at(second))[0] for second in (0, 1))
    noting.saved(SHOP)
    third = noting.note([signal(CHANGED, "a.py")], at(2))[0]

    assert [seen.files for seen in (first, second, third)] == [1, 0, 1]


def test_a_class_has_its_weight_and_its_cadence() -> None:
    seen = {path: only([signal(CHANGED, path)]) for path in ("src/a.py", ".env", "README.md", "api.generated.ts")}

    assert {path: (each.weight, each.within_s) for path, each in seen.items()} == {
        "src/a.py": (1.0, 300.0),
        ".env": (1.0, 300.0),
        "README.md": (0.7, 300.0),
        "api.generated.ts": (0.0, 1800.0),
    }


def test_many_files_at_once_no_hand_did() -> None:
    assert only([signal(CHANGED, f"{number}.py") for number in range(30)]).hand is False


def test_what_a_build_or_a_switch_writes_no_hand_did() -> None:
    running = signal(SignalKind.RUNNING, word="build")
    ended = signal(SignalKind.RUNNING)
    save = signal(CHANGED, "a.py")
    switch = signal(SignalKind.VCS, word=str(Move.SWITCH))

    assert [seen.hand for seen in noted([running, save], [save, ended, save], [signal(CHANGED, "b.py"), switch])] == [
        False,
        False,
        False,
    ]


def test_what_is_remembered_is_bounded() -> None:
    seen = only([signal(CHANGED, f"{number}.py") for number in range(30_000)])

    assert (seen.files, seen.changes) == (30_000, 30_000)


def test_projects_are_told_apart_and_forgotten() -> None:
    noting = Noting(TIMING)
    both = [signal(GONE, "a.py"), Signal(project=BLOG, at_ns=0, kind=GONE, path="b.py")]
    noting.note(both, 0)
    noting.forget([BLOG])

    assert [seen.project for seen in noting.note([], at(1))] == [BLOG]


def test_what_means_nothing_is_passed_over() -> None:
    assert noted([signal(SignalKind.VCS, word="a move nobody knows"), signal(SignalKind.ROOT_GONE)]) == []


def test_lost_events_and_green_tests_are_told() -> None:
    seen = only([signal(SignalKind.LOST), signal(SignalKind.GREEN)])

    assert (seen.lost, seen.green, seen.hand) == (True, True, False)


def test_what_an_edit_touches_weighs_more_than_how_often_it_is_saved() -> None:
    definitions = iter([1, 1, 4, 0])
    noting = Noting(TIMING, touched=lambda _project, _path: next(definitions))

    weights = [noting.note([signal(CHANGED, "a.py")], at(second))[0].weight for second in range(3)]
    noting.saved(SHOP)
    weights.append(noting.note([signal(CHANGED, "a.py")], at(9))[0].weight)

    assert weights == [1.0, 0.0, 3.0, 0.5]


def test_definitions_that_differ_are_counted_and_those_that_moved_are_not() -> None:
    before = b"class A:\n    def f(self): pass\n    def g(self): pass\ndef h(): pass\n"
    spans = [(0, 53), (13, 31), (35, 53), (54, 67)]

    assert touched(spans, before, before) == 0
    assert touched(spans, before, b"def h(): pass\n" + before[:54]) == 0
    assert touched(spans, before, before.replace(b"g(self): pass", b"g(self): return 1")) == 1
    assert touched(spans, before, b"") == 3
