import pytest

from codevault.projects.stack import detect_stack


@pytest.mark.parametrize(
    ("names", "stack"),
    [
        ([], ()),
        (["README.md", "main.c"], ()),
        (["setup.py", "pyproject.toml"], ("python",)),
        (["requirements-dev.txt"], ("python",)),
        (["package.json", "tsconfig.json"], ("node", "typescript")),
        (["Shop.sln", "Shop.csproj"], ("dotnet",)),
        (["build.gradle.kts"], ("java",)),
        (["Cargo.toml", "Dockerfile", "Makefile", "main.tf"], ("docker", "make", "rust", "terraform")),
    ],
)
def test_tells_the_technologies_of_a_project_by_the_names_in_its_root(names: list[str], stack: tuple[str, ...]) -> None:
    assert detect_stack(names) == stack


def test_names_count_exactly_as_tools_write_them() -> None:
    assert detect_stack(["Package.JSON", "makefile"]) == ()
