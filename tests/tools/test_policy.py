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
stat -c %n /etc/passwd
xargs rm
env rm a
nice ls
timeout 5 ls
sudo ls
tar -cf x.tar --to-command=./evil a
tar xf a.tar --checkpoint-action=exec=sh
npm --prefix /etc run x
npm run test
make -f evil
make
make --
git --no-pager
git --
python3
node
npm
gcc
java
sed -i s/a/b/ a
sed -n w/etc/x a
awk BEGIN{system("rm")}
perl -e 1
rg --pre=./evil --files
rg --hostname-bin=./evil x
rg --search-zip x
rg -f/etc/passwd a
grep -P x a
grep --file=/etc/passwd a
grep -rnf/etc/passwd a
grep -nR x .
find -L . -name x
find . -name x -fls out
find . -okdir ./evil {} ;
find . -files0-from a
git log --output=a -1
git -c core.sshCommand=./evil fetch
git -ccore.pager=./evil log
git --git-dir=evil status
git --work-tree=/ status
git -p log
git status -uall --porcelain=v3
git log --show-signature
git diff --no-ext-diff --ext-diff
git show --output a
git blame -L :evil:a a
git rev-parse --parseopt
git ls-files --with-tree=x -t
git archive --exec=./evil HEAD
git config alias.x !evil
git submodule update
/usr/bin/git status
/bin/sh -c ls
./git status
GIT status
ls\u00a0-la
\uff4cs
head -n 5 /etc/passwd
head -c5 ../x
tail --pid=1 a
tail -n +1 -f a
cat -- ../x
cat .git/../../x
ls -la /
ls --hyperlink=/etc
wc -l ~/x
du -sh ..
cmp a /etc/passwd
date +%s -f /etc/passwd
date -f a
which -a ls --tty-only
python3 --version -c pass
python3 -V -m http.server
node -v -e 1
npm -v exec x""".split("\n"),
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


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.just('["rm", "a"]')),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(sorted({name for tool in TOOLS.values() for name in tool.Args.model_fields}))


@given(st.sampled_from(sorted(TOOLS)), st.dictionaries(NAMES, JSON, max_size=4) | st.text(max_size=20))
def test_it_decides_on_whatever_a_model_sends(name: str, args: dict[str, Any] | str) -> None:
    assert decide("ask", TOOLS[name], args).verdict in ("allow", "ask", "deny")
    assert decide("read_only", TOOLS[name], args).verdict == ("allow" if TOOLS[name].kind == "read" else "deny")
    assert all(subject for subject in subjects_of(TOOLS[name], args))
