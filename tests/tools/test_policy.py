import shlex
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.policy import Approval, decide
from tools.registry import TOOLS
from tools.rules import subjects_of
from tools.workspace import Workspace


def verdict(approval: Approval, tool: str, **args: Any) -> str:
    return decide(approval, TOOLS[tool], args).verdict


def command(line: str, **args: Any) -> str:
    return verdict("ask", "run_command", command=shlex.split(line), **args)


def test_it_lets_anyone_read() -> None:
    for approval in ("ask", "auto", "read_only"):
        assert verdict(approval, "read_file", path="a") == "allow"


def test_it_denies_all_else_where_the_project_is_read_only() -> None:
    for name, tool in TOOLS.items():
        expected = "allow" if tool.kind == "read" else "deny"
        assert decide("read_only", tool, {}).verdict == expected, name
    decision = decide("read_only", TOOLS["write_file"], {"path": "a", "content": ""})
    assert "read-only" in decision.reason


def test_it_allows_writes_and_asks_for_commands() -> None:
    assert verdict("ask", "write_file", path="a", content="x") == "allow"
    assert verdict("auto", "run_command", command=["rm", "-rf", "."]) == "allow"
    decision = decide("ask", TOOLS["run_command"], {"command": ["rm", "-rf", "a b"]})
    assert decision.verdict == "ask"
    assert "rm -rf 'a b'" in decision.reason


@pytest.mark.parametrize(
    "line",
    """pwd
ls
ls -la src
cat a.py src/b.py
head -20 a.py
head -n 5 a.py
tail -n +3 a.py
wc -l a.py
grep -rn 'a|b' src --include=*.py
grep -e x -A 3 a.py
rg -n pattern src
find . -name *.py -type f -maxdepth 3
git status
git status --short --branch
git --no-pager diff --stat
git diff HEAD~2 -- src/a.py
git diff main..feature
git log --oneline -20
git log -n 5 --format=%h origin/main
git show HEAD:src/a.py
git branch -a
git ls-files -m
git blame -L 1,20 a.py
python3 --version
node -v
echo hello > world
uname -a""".split("\n"),
)
def test_it_does_not_ask_for_what_only_reads(line: str) -> None:
    assert command(line) == "allow"


@pytest.mark.parametrize(
    "line",
    """rm a
./ls
/bin/cat a
bash -c ls
sh
env
ls; rm a
cat /etc/passwd
cat ../secret
cat ~/.ssh/id_rsa
cat -- /etc/passwd
tail -f a
head --silly a
grep -f /etc/passwd a
grep -R x .
grep x /etc/passwd
grep -e x /etc/passwd
rg --pre=./evil x
rg --pre ./evil x
rg -z x
rg x ../other
find . -exec rm {} ;
find . -delete
find / -name x
find . -fprint out
git
git push
git commit -m x
git checkout .
git status --upload-pack=evil
git fetch --upload-pack=./evil
git -c core.fsmonitor=./evil status
git --exec-path=. status
git -C /etc status
git diff --output=a
git diff --outp=a
git diff --ext-diff
git diff --textconv
git diff --no-index a b
git diff /etc/passwd /etc/shadow
git diff ../a ../b
git log --output=a
git log -p --ext-diff
git show --textconv HEAD
git grep -Oevil x
git branch new
git branch -D main
git tag v1
git remote add x y
git remote update
git blame --contents /etc/passwd a
git ls-files --exclude-from=/etc/passwd
python3 -c pass
python3 a.py
python3 --version a.py
node --version --eval 1
npm test
npm --version run
yarn --version
cargo --version
ssh -oProxyCommand=evil host
sort -o a b
date -s tomorrow
file -C -m x
du --files0-from=/etc/passwd
wc --files0-from=x
diff a /etc/passwd
diff src docs
tree -o x
uniq a b
stat -c %n /etc/passwd""".split("\n"),
)
def test_it_asks_for_everything_else(line: str) -> None:
    assert command(line) == "ask"


def test_it_sees_through_links_where_it_is_given_eyes(root: Path, workspace: Workspace) -> None:
    (root / "out").symlink_to("/etc/passwd")
    (root / "src").mkdir()
    (root / "src/a").touch()
    tool = TOOLS["run_command"]
    for args, expected in (
        ({"command": ["cat", "out"]}, "ask"),
        ({"command": ["cat", "src/a"]}, "allow"),
        ({"command": ["cat", "a"], "directory": "src"}, "allow"),
        ({"command": ["cat", "../src/a"], "directory": "src"}, "allow"),
        ({"command": ["cat", "../../x"], "directory": "src"}, "ask"),
        ({"command": ["cat", ".git/config"]}, "ask"),
        ({"command": ["cat", f"{root}/src/a"]}, "allow"),
    ):
        assert decide("ask", tool, args, workspace.reaches).verdict == expected, args


def test_it_reads_the_arguments_as_the_tool_does() -> None:
    tool = TOOLS["run_command"]
    assert decide("ask", tool, '{"command": ["rm", "a"]}').verdict == "ask"
    assert decide("ask", tool, '{"command": "[\\"rm\\", \\"a\\"]"}').verdict == "ask"
    # The tool refuses these, so there is nothing to ask about.
    assert decide("ask", tool, "not json").verdict == "allow"
    assert decide("ask", tool, {"command": "rm a"}).verdict == "allow"


def test_it_goes_up_from_where_a_link_leads(root: Path, workspace: Workspace) -> None:
    """The kernel takes `link/..` for what is above the link's target, and never for nothing at all."""
    (root.parent / "secret").touch()
    (root / "a/b").mkdir(parents=True)
    (root / "self").symlink_to(".")
    (root / "a/b/up").symlink_to("../..")
    (root / "down").symlink_to("a/b")
    tool = TOOLS["run_command"]
    for args, expected in (
        ({"command": ["cat", "self/../secret"]}, "ask"),
        ({"command": ["cat", "a/b/up/../secret"]}, "ask"),
        ({"command": ["cat", f"{root}/self/../secret"]}, "ask"),
        ({"command": ["cat", "missing/../../secret"]}, "ask"),
        ({"command": ["cat", "../secret"], "directory": "self"}, "ask"),
        ({"command": ["cat", "../secret"], "directory": "down/.."}, "ask"),
        ({"command": ["git", "diff", "self/../secret", "a"]}, "ask"),
        ({"command": ["cat", "down/../x"]}, "allow"),
        ({"command": ["git", "log", "origin/main"]}, "allow"),
        ({"command": ["cat", "x"], "directory": f"{root}/a"}, "allow"),
    ):
        assert decide("ask", tool, args, workspace.reaches).verdict == expected, args


@pytest.mark.parametrize("text", ["[" * 100_000, '{"command": ' + "[" * 100_000])
def test_no_depth_of_arguments_breaks_it(text: str) -> None:
    for args in (text, {"command": text}):
        assert decide("ask", TOOLS["run_command"], args).verdict == "allow"
        assert subjects_of(TOOLS["run_command"], args) == []


ARGUMENT = st.one_of(
    st.text(max_size=8),
    st.sampled_from(["-n", "--", "-e", "-la", "--stat", "/etc/passwd", "../x", "-exec", "--output=x", "a", "HEAD"]),
)


@given(st.sampled_from(["git", "rg", "find", "cat", "grep", "ls"]), st.lists(ARGUMENT, max_size=5))
def test_it_never_allows_a_path_outside_by_any_arrangement(program: str, arguments: list[str]) -> None:
    decision = decide("ask", TOOLS["run_command"], {"command": [program, *arguments]})
    assert decision.verdict in ("allow", "ask")
    if decision.verdict == "allow" and program in ("cat", "ls"):
        assert "/etc/passwd" not in arguments
        assert "../x" not in arguments
