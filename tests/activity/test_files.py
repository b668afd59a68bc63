"""What file events become: over a project on disk, with events that are told, so that nothing depends on time."""

from __future__ import annotations

from pathlib import Path

import pytest

from codevault.activity.files import FileWatch
from codevault.activity.folder_events import Happened, MemoryEvents
from codevault.activity.model import Signal, SignalKind, Watched
from codevault.ids import ProjectId
from tests.activity.seen import BLOG, SHOP, at

GONE = Happened.GONE


class Scene:
    """A project with source, dependencies and a repository, watched through events that the test makes."""

    def __init__(self, folder: Path, *, most: int = 1000, queue: int = 1000) -> None:
        self.root = folder / "shop"
        for name in ("src/deep", "node_modules/left", ".git/refs/heads", ".git/objects/aa"):
            (self.root / name).mkdir(parents=True)
        (self.root / "package.json").write_text("{}")
        (self.root / "package-lock.json").write_text("{}")
        (self.root / "node_modules" / "left" / "package.json").write_text("{}")
        self.events = MemoryEvents(most=most, queue=queue)
        self.moved: list[ProjectId] = []
        self.files = FileWatch(self.events, moved=self.moved.append)
        self.project = Watched(project=SHOP, root=str(self.root))
        self.files.watch([self.project])

    @property
    def watched(self) -> set[str]:
        return {Path(folder).relative_to(self.root).as_posix() for folder in self.events.folders}

    def tell(self, path: str, happened: Happened = Happened.CHANGED, *, is_folder: bool = False) -> None:
        folder, _, name = path.rpartition("/")
        self.events.tell(str(self.root / folder) if folder else str(self.root), name, happened, is_folder=is_folder)

    def poll(self, seconds: float = 0.0) -> list[Signal]:
        return list(self.files.poll(at(seconds)))


def said(signals: list[Signal]) -> list[tuple[SignalKind, str]]:
    return [(signal.kind, signal.path) for signal in signals]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_only_what_a_backup_keeps_is_watched_and_of_a_repository_what_moves(scene: Scene) -> None:
    assert scene.watched == {".", "src", "src/deep", ".git", ".git/refs/heads"}


def test_changes_are_told_with_their_paths(scene: Scene) -> None:
    scene.tell("src/a.py")
    scene.tell("package.json", GONE)

    assert said(scene.poll()) == [(SignalKind.CHANGED, "src/a.py"), (SignalKind.GONE, "package.json")]


def test_a_new_folder_is_watched_and_what_already_lies_in_it_is_told(scene: Scene) -> None:
    (scene.root / "lib" / "inner").mkdir(parents=True)
    (scene.root / "lib" / "inner" / "b.py").write_text("")
    scene.tell("lib", is_folder=True)

    assert (SignalKind.CHANGED, "lib/inner/b.py") in said(scene.poll())
    assert {"lib", "lib/inner"} <= scene.watched


def test_a_folder_that_went_is_watched_no_more_with_all_in_it(scene: Scene) -> None:
    scene.tell("src", GONE, is_folder=True)

    assert said(scene.poll()) == [(SignalKind.GONE, "src")]
    assert {"src", "src/deep"}.isdisjoint(scene.watched)


def test_a_folder_that_was_renamed_is_watched_under_its_new_name(scene: Scene) -> None:
    (scene.root / "src").rename(scene.root / "source")
    scene.tell("src", GONE, is_folder=True)
    scene.tell("source", is_folder=True)
    scene.poll()

    assert {"source", "source/deep"} <= scene.watched
    assert "src" not in scene.watched


def test_a_new_folder_of_dependencies_is_not_watched_even_before_it_is_filled(scene: Scene) -> None:
    (scene.root / "src" / "package.json").write_text("{}")
    (scene.root / "src" / "node_modules").mkdir()
    scene.tell("src/node_modules", is_folder=True)
    scene.poll(0)
    (scene.root / "src" / "node_modules" / ".package-lock.json").write_text("{}")
    scene.poll(1000)
    scene.poll(2000)

    assert "src/node_modules" not in scene.watched


def test_a_folder_that_only_looked_like_a_tools_is_watched_in_the_end(scene: Scene) -> None:
    (scene.root / "Cargo.toml").write_text("")
    (scene.root / "target").mkdir()
    scene.tell("target", is_folder=True)
    scene.poll(0)
    assert "target" not in scene.watched

    (scene.root / "Cargo.toml").unlink()
    (scene.root / "target" / "mine.py").write_text("")
    assert (SignalKind.CHANGED, "target/mine.py") in said(scene.poll(30))
    assert "target" in scene.watched


def test_an_overflow_is_told_and_folders_are_walked_again_once_it_is_quiet(tmp_path: Path) -> None:
    scene = Scene(tmp_path, queue=10)
    (scene.root / "unseen").mkdir()
    for number in range(20):
        scene.tell(f"src/{number}.py")

    assert (SignalKind.LOST, "") in said(scene.poll(0))
    assert "unseen" not in scene.watched
    assert said(scene.poll(6)) == [(SignalKind.LOST, "")]
    assert "unseen" in scene.watched
    assert scene.files.state().refused == 1


def test_a_storm_of_folders_is_walked_once(scene: Scene) -> None:
    for _ in range(30):
        scene.tell("src/deep", GONE, is_folder=True)
        scene.tell("src/deep", is_folder=True)

    assert (SignalKind.LOST, "") in said(scene.poll())
    scene.poll(6)
    assert "src/deep" in scene.watched


def test_what_does_not_fit_the_systems_limit_is_polled_and_leaves_its_watches(tmp_path: Path) -> None:
    scene = Scene(tmp_path, most=3)
    state = scene.files.state()
    assert (state.polled, state.watches) == (1, 0)
    assert "limit" in state.wrong

    scene.poll(0)
    (scene.root / "src" / "a.py").write_text("")
    signals = scene.poll(1000)
    assert said(signals) == [(SignalKind.CHANGED, "src")]
    assert signals[0].at_ns == at(0)


def test_a_limit_that_is_reached_later_makes_the_project_polled(tmp_path: Path) -> None:
    scene = Scene(tmp_path, most=6)
    (scene.root / "lib" / "inner").mkdir(parents=True)
    scene.tell("lib", is_folder=True)
    scene.poll()

    assert scene.files.state().polled == 1


def test_without_events_everything_is_polled(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    files = FileWatch(None)
    files.watch([scene.project])
    files.poll(0)
    (scene.root / "src" / "a.py").write_text("")

    assert said(list(files.poll(at(500)))) == [(SignalKind.CHANGED, "src")]
    assert "no file events" in files.state().wrong
    files.close()


def test_a_polled_project_whose_folder_goes_and_comes_is_said(tmp_path: Path) -> None:
    scene = Scene(tmp_path, most=0)
    scene.poll(0)
    (scene.root).rename(tmp_path / "away")
    first, second = scene.poll(200), scene.poll(400)
    (tmp_path / "away").rename(scene.root)

    assert (said(first), second) == ([(SignalKind.ROOT_GONE, "")], [])
    assert (SignalKind.ROOT_BACK, "") in said(scene.poll(600))


def test_a_polled_folder_that_went_is_told(tmp_path: Path) -> None:
    scene = Scene(tmp_path, most=0)
    scene.poll(0)
    (scene.root / "src" / "deep").rmdir()

    assert set(said(scene.poll(200))) == {(SignalKind.CHANGED, "src"), (SignalKind.GONE, "src/deep")}


def test_a_root_that_went_and_came_back_is_watched_anew(scene: Scene, tmp_path: Path) -> None:
    scene.root.rename(tmp_path / "away")
    scene.events.tell(str(scene.root), "", GONE, is_folder=True)
    assert said(scene.poll(0)) == [(SignalKind.ROOT_GONE, "")]
    assert scene.poll(1) == []

    (tmp_path / "away").rename(scene.root)
    assert said(scene.poll(10)) == [(SignalKind.ROOT_BACK, "")]
    assert "src/deep" in scene.watched


def test_moves_of_a_repository_are_passed_on(scene: Scene) -> None:
    scene.tell(".git/HEAD.lock")
    assert (scene.poll(), scene.moved) == ([], [])

    scene.tell(".git/HEAD")
    scene.tell(".git/index")
    assert said(scene.poll()) == [(SignalKind.CHANGED, ".git/index")]
    assert set(scene.moved) == {SHOP}


def test_a_new_tag_is_told(scene: Scene) -> None:
    (scene.root / ".git" / "refs" / "tags").mkdir()
    (scene.root / ".git" / "refs").touch()
    scene.files.watch([])
    scene.files.watch([scene.project])
    scene.tell(".git/refs/tags/v1")

    assert [(signal.kind, signal.word) for signal in scene.poll()] == [(SignalKind.VCS, "tag")]


def test_a_repository_that_is_made_later_is_watched(scene: Scene, tmp_path: Path) -> None:
    other = tmp_path / "blog"
    other.mkdir()
    scene.files.watch([scene.project, Watched(project=BLOG, root=str(other))])
    (other / ".git" / "refs" / "heads").mkdir(parents=True)
    scene.events.tell(str(other), ".git", is_folder=True)
    scene.poll()

    assert str(other / ".git" / "refs" / "heads") in scene.events.folders


def test_a_project_in_another_is_left_to_itself(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    apart = Watched(project=SHOP, root=str(scene.root), apart=frozenset({str(scene.root / "src")}))
    scene.files.watch([apart])

    assert "src" not in scene.watched


def test_events_of_nobodys_folder_are_passed_over(scene: Scene, tmp_path: Path) -> None:
    scene.events.add(str(tmp_path))
    scene.events.tell(str(tmp_path), "a")

    assert scene.poll() == []


def test_a_link_to_elsewhere_is_not_followed(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (scene.root / "link").symlink_to(tmp_path / "outside", target_is_directory=True)
    scene.files.watch([])
    scene.files.watch([scene.project])

    assert not any("outside" in folder or folder.endswith("link") for folder in scene.events.folders)
