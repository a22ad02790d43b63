import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.errors import PathDenied
from tools.files.paths import display, is_below, is_git_internal, relative_parts, unfolded_parts

ROOT = "/w/app"


@pytest.mark.parametrize(
    "path",
    [
        "/w/app-evil/x",  # CVE-2025-53110, CVE-2025-54794
        "/w",
        "/etc/passwd",
        "/w/app/../app-evil/x",
        "..",
        "../x",
        "a/../../x",
        "a/b/../../../x",
        "~",
        "~/.ssh/id_rsa",
        "~root/x",
        "a\0b",
        "a\nb",
        "\udcff",
        "file:///etc/passwd",
        "FILE:/etc/passwd",
        "http://x/y",
        "x" * 5_000,
        "/".join(["a"] * 2_500),
        "n" * 256,
        "é" * 128,
        "",
    ],
)
def test_it_denies(path: str) -> None:
    with pytest.raises(PathDenied):
        relative_parts(path, ROOT)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".", "."),
        ("src/a.py", "src/a.py"),
        ("./src//a.py/", "src/a.py"),
        ("src/../a.py", "a.py"),
        ("/w/app", "."),
        ("/w/app/src/a.py", "src/a.py"),
        ("/w/app//../app/a.py", "a.py"),
        ("a~", "a~"),
        ("./~x", "~x"),
        ("...", "..."),
        ("naïve/日本.txt", "naïve/日本.txt"),
    ],
)
def test_it_makes_relative_what_lies_inside(path: str, expected: str) -> None:
    assert display(relative_parts(path, ROOT)) == expected


def test_it_takes_each_name_of_the_root() -> None:
    assert relative_parts("/home/me/link/a", ROOT, "/home/me/link") == ("a",)


def test_it_leaves_ways_up_where_they_are_for_whoever_follows_links() -> None:
    assert unfolded_parts("./a//../b", ROOT) == ("a", "..", "b")
    assert unfolded_parts(f"{ROOT}/a/../..", ROOT) == ("a", "..", "..")
    for path in ("/w/x/../app", "/w", "/w/app-evil", "~/x", "file:///w/app/x"):
        with pytest.raises(PathDenied):
            unfolded_parts(path, ROOT)


@given(st.text(alphabet="a./~\0é", max_size=30))
def test_it_never_answers_with_a_way_up(path: str) -> None:
    try:
        parts = relative_parts(path, ROOT)
    except PathDenied:
        return
    assert not {"", ".", ".."} & set(parts)
    assert all("/" not in part and "\0" not in part for part in parts)


@given(st.text(max_size=40))
def test_it_answers_or_denies_any_text(path: str) -> None:
    try:
        parts = relative_parts(path, ROOT)
    except PathDenied:
        return
    assert relative_parts(f"{ROOT}/{'/'.join(parts)}", ROOT) == parts


@given(st.lists(st.sampled_from(["a", "b", "A", "ab"]), max_size=4), st.lists(st.sampled_from(["a", "b"]), max_size=4))
def test_it_compares_by_component(parts: list[str], directory: list[str]) -> None:
    lowered = [part.lower() for part in parts]
    assert is_below(tuple(parts), tuple(directory)) == (lowered[: len(directory)] == directory)


@pytest.mark.parametrize(
    "path",
    [
        ".git/config",
        ".GIT/config",
        "a/.git/hooks/x",
        ".git",
        ".Git ",
        ".git.",
        "git~1/x",
        ".g\u200cit/config",
        ".git::$INDEX_ALLOCATION/config",
        "\uff0egit/config",
    ],
)  # CVE-2014-9390, CVE-2025-59944
def test_it_knows_git_by_all_its_names(path: str) -> None:
    assert is_git_internal(tuple(path.split("/")))


@pytest.mark.parametrize(
    "path", [".gitignore", ".github/workflows/x.yml", "git/config", "a.git/config", ".gitattributes"]
)
def test_it_leaves_what_is_only_named_like_git(path: str) -> None:
    assert not is_git_internal(tuple(path.split("/")))
