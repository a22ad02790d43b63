import time
from pathlib import Path

import pytest

from tests.tools.conftest import Call
from tools.base import ToolContext
from tools.builtin import search_files
from tools.files.workspace import Workspace
from tools.registry import call as call_tool


@pytest.fixture(params=["ripgrep", "python"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to search: what they find is the same."""
    if request.param == "python":
        monkeypatch.setattr(search_files, "find_ripgrep", lambda: None)
    elif search_files.find_ripgrep() is None:
        pytest.skip("ripgrep is not installed")
    return str(request.param)


@pytest.fixture
def tree(root: Path) -> Path:
    for name, text in {
        "src/a.py": "import os\n\ndef find(x):\n    return x\n",
        "src/b.js": "function find() {}\n",
        "docs/find.md": "How to find\nFIND\n",
        "build/out.py": "find\n",
        ".git/config": "find\n",
        ".env.example": "find=1\n",
        "data/db": "find\n",
        ".gitignore": "build/\n",
    }.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.usefixtures("engine", "tree")
async def test_it_finds_lines_under_the_name_of_their_file(call: Call) -> None:
    assert (await call("search_files", pattern="find")).output.split("\n") == [
        ".env.example",
        "  1: find=1",
        "data/db",
        "  1: find",
        "docs/find.md",
        "  1: How to find",
        "src/a.py",
        "  3: def find(x):",
        "src/b.js",
        "  1: function find() {}",
    ]


@pytest.mark.usefixtures("engine")
async def test_it_leaves_out_protected_places(tree: Path) -> None:
    context = ToolContext(Workspace(tree, protected=[tree / "data"]))
    for glob in ("", "*", "db", "**/*"):
        result = await call_tool("search_files", {"pattern": "find", "glob": glob}, context)
        assert "data/db" not in result.output
        assert "config" not in result.output


@pytest.mark.usefixtures("engine", "tree")
@pytest.mark.parametrize(
    ("args", "files"),
    [
        ({"glob": "*.py"}, ["src/a.py"]),
        ({"glob": "src/*.py"}, ["src/a.py"]),
        ({"path": "src"}, ["src/a.py", "src/b.js"]),
        ({"path": "src", "glob": "*.js"}, ["src/b.js"]),
        ({"path": "build/out.py"}, ["build/out.py"]),
    ],
)
async def test_it_looks_where_it_is_told(call: Call, args: dict[str, str], files: list[str]) -> None:
    output = (await call("search_files", pattern="find", **args)).output
    assert [line for line in output.split("\n") if not line.startswith(" ")] == files


PATHS = ["a.ts", "a.tsx", "b.js", "src/a.ts", "src/deep/a.ts", "app/[id]/page.tsx", "app/i/page.tsx", "src.ts/x.md"]


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    ("glob", "files"),
    [
        (
            "*.{ts,tsx}",
            ["a.ts", "a.tsx", "app/[id]/page.tsx", "app/i/page.tsx", "src.ts/x.md", "src/a.ts", "src/deep/a.ts"],
        ),
        ("!*.js", [path for path in PATHS if path != "b.js"]),
        ("./src/*.ts", ["src/a.ts"]),
        ("/a.ts", ["a.ts"]),
        ("src/", ["src/a.ts", "src/deep/a.ts"]),
        ("src", ["src/a.ts", "src/deep/a.ts"]),
        ("src/**/*.ts", ["src/a.ts", "src/deep/a.ts"]),
        ("**/deep/**", ["src/deep/a.ts"]),
        ("app/[id]/page.tsx", ["app/[id]/page.tsx", "app/i/page.tsx"]),
        ("{src,app}/**/*.{ts,tsx}", ["app/[id]/page.tsx", "app/i/page.tsx", "src/a.ts", "src/deep/a.ts"]),
        ("!{src,app}/", ["a.ts", "a.tsx", "b.js", "src.ts/x.md"]),
        ("?.js", ["b.js"]),
        ("[ab].js", ["b.js"]),
        ("*.{rs}", []),
    ],
)
async def test_a_glob_means_the_same_both_ways(root: Path, call: Call, glob: str, files: list[str]) -> None:
    for path in PATHS:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("needle\n")
    output = (await call("search_files", pattern="needle", glob=glob)).output
    assert [line for line in output.split("\n") if line[0] not in " ["] == sorted(files)


@pytest.mark.usefixtures("engine")
async def test_a_match_in_a_long_line_is_in_sight(root: Path, call: Call) -> None:
    line = "x" * 5_000 + " needle=1 " + "y" * 5_000
    (root / "app.min.js").write_text(f"{line}\nneedle first {line}\nshort needle\n")
    output = (await call("search_files", pattern="(?i)NEEDLE=\\d")).output
    assert output.count("needle=1") == 2
    assert len(output) < 1_500


async def test_it_says_what_of_a_large_file_was_not_searched(engine: str, root: Path, call: Call) -> None:
    (root / "log").write_text("a line of a log\n" * 700_000 + "needle\n")
    output = (await call("search_files", pattern="needle")).output
    if engine == "ripgrep":
        assert output == "log\n  700001: needle"
    else:
        assert output.startswith("[no match")
        assert output.endswith("[only the first 10 MB were searched of log]")


@pytest.mark.skipif(search_files.find_ripgrep() is None, reason="Python has look-around")
async def test_it_advises_no_option_that_it_has_not(root: Path, call: Call) -> None:
    (root / "a").write_text("needle\n")
    for pattern in ("(?=needle)", r"(n)\1"):
        error = str((await call("search_files", pattern=pattern)).error)
        assert "not supported" in error
        assert "pcre2" not in error.lower()


@pytest.mark.usefixtures("engine", "tree")
async def test_it_shows_context_and_ignores_case(call: Call) -> None:
    result = await call("search_files", pattern="DEF", path="src", ignore_case=True, context=1)
    assert result.output == "src/a.py\n  2- \n  3: def find(x):\n  4-     return x"


@pytest.mark.usefixtures("engine", "tree")
async def test_it_says_that_nothing_matches(call: Call) -> None:
    result = await call("search_files", pattern="nowhere to be found")
    assert result.error is None
    assert result.output == "[no match in .; ignored and binary files are not searched]"


@pytest.mark.usefixtures("engine", "tree")
async def test_it_says_what_is_wrong_with_a_pattern(call: Call) -> None:
    result = await call("search_files", pattern="(x")
    assert "The search failed: regex" in (result.error or "")


@pytest.mark.usefixtures("engine")
async def test_it_says_how_many_matches_it_left_out(root: Path, call: Call) -> None:
    (root / "a").write_text("hit\n" * 150)
    result = await call("search_files", pattern="hit", limit=20)
    assert result.truncated
    assert result.output.endswith(
        "  20: hit\n[20 of 150 matches: narrow the pattern, the path or the glob, or raise the limit]"
    )


@pytest.mark.usefixtures("engine")
async def test_it_stops_when_there_is_more_than_anyone_reads(root: Path, call: Call) -> None:
    for number in range(400):
        (root / f"f{number}").write_text("a line that matches, with some length to it\n" * 300)
    result = await call("search_files", pattern="line", limit=1_000)
    assert len(result.output) < 30_000
    assert "of at least" in result.output


@pytest.mark.usefixtures("engine")
async def test_it_stands_a_pattern_that_backtracks_forever(
    root: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_files, "SEARCH_S", 1.0)
    (root / "a").write_text("a" * 5_000 + "!\n")
    started = time.monotonic()
    result = await call("search_files", pattern="(a+)+$")
    assert time.monotonic() - started < 5
    assert "took more than 1 s" in (result.error or "") or "no match" in result.output


@pytest.mark.usefixtures("engine")
async def test_it_stands_binary_broken_and_very_long_lines(root: Path, call: Call) -> None:
    (root / "binary").write_bytes(b"\0\0needle\0")
    (root / "broken").write_bytes(b"caf\xe9 needle\n")
    (root / "long").write_bytes(b"needle " + b"x" * 5_000_000 + b"\n")
    result = await call("search_files", pattern="needle")
    assert len(result.output) < 2_000
    assert "binary\n" not in result.output
    assert "caf\ufffd needle" in result.output
    assert "long\n  1: needle" in result.output


@pytest.mark.usefixtures("engine")
async def test_it_does_not_read_through_links_to_outside(root: Path, call: Call) -> None:
    (root.parent / "secret").write_text("needle\n")
    (root / "l").symlink_to("../secret")
    assert "no match" in (await call("search_files", pattern="needle")).output
    assert "leads out of the project" in ((await call("search_files", pattern="needle", path="l")).error or "")
    assert "leads out" in ((await call("search_files", pattern="needle", path="..")).error or "")


@pytest.mark.usefixtures("engine")
async def test_it_takes_a_pattern_that_looks_like_an_option(root: Path, call: Call) -> None:
    (root / "a").write_text("--pre=x\n")
    assert (await call("search_files", pattern="--pre=x")).output == "a\n  1: --pre=x"
