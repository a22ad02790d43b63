import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.files.workspace import Workspace
from tools.permissions.decision import (
    REPEATED,
    SAFE_COMMANDS,
    SECOND_LOOK,
    Allow,
    Ask,
    Call,
    Decision,
    Deny,
    Mode,
    decide,
    decide_by_rules,
    needs_second_look,
)
from tools.permissions.rules import Rule, subjects_of
from tools.permissions.safe_commands import is_below_here
from tools.registry import TOOLS


def verdict_of(mode: Mode, name: str, args: dict[str, Any] | str, inside: Callable[[str], bool] = is_below_here) -> str:
    return type(decide(mode, [], Call(TOOLS[name], args, inside))).__name__.lower()


def verdict(mode: Mode, name: str, **args: Any) -> str:
    return verdict_of(mode, name, args)


def command(line: str, **args: Any) -> str:
    return verdict("ask", "run_command", command=shlex.split(line), **args)


COMMAND, SHELL = {"command": ["npm", "test"]}, {"command": ["npm test | tail"], "shell": True}
SAFE, OUTSIDE, BROKEN = {"command": ["ls", "src"]}, {"command": ["ls", "/"]}, {"command": "rm a"}
RUN, WRITE, READ, STOP = "run_command", "write_file", "read_file", "background"
FILE, STOPPED, LISTED = {"path": "a", "content": "x"}, {"id": "bg1", "stop": True}, {"id": "bg1"}
MOVED = {"path": "a", "to": "keys/b"}
RISK = "ls is a program that lies in the project."

DENY, ASK, ALLOW = (Rule("*", "npm **", verdict) for verdict in ("deny", "ask", "allow"))
DENY_A, ASK_A, ALLOW_A = (Rule("*", "a", verdict) for verdict in ("deny", "ask", "allow"))
SHELL_RULES = [Rule("run_command", "sh -c **", verdict) for verdict in ("deny", "ask", "allow")]
NO_KEYS = Rule("*", "keys/*", "deny")


@pytest.mark.parametrize(
    ("mode", "rules", "tool", "args", "facts", "verdict", "by"),
    [
        # Without a rule the mode decides.
        ("ask", [], READ, {"path": "a"}, {}, Allow, "only reads"),
        ("auto", [], READ, {"path": "a"}, {}, Allow, "only reads"),
        ("read_only", [], READ, {"path": "a"}, {}, Allow, "only reads"),
        ("ask", [], WRITE, FILE, {}, Allow, "mode: ask"),
        ("auto", [], WRITE, FILE, {}, Allow, "mode: auto"),
        ("read_only", [], WRITE, FILE, {}, Deny, "mode: read only"),
        ("ask", [], RUN, COMMAND, {}, Ask, "mode: ask"),
        ("auto", [], RUN, COMMAND, {}, Allow, "mode: auto"),
        ("read_only", [], RUN, COMMAND, {}, Deny, "mode: read only"),
        ("read_only", [], RUN, SAFE, {}, Deny, "mode: read only"),
        # What only reads is not asked about, unless the second look finds something.
        ("ask", [], RUN, SAFE, {}, Allow, SAFE_COMMANDS),
        ("ask", [], RUN, SAFE, {"risk": RISK}, Ask, SECOND_LOOK),
        ("auto", [], RUN, SAFE, {"risk": RISK}, Allow, "mode: auto"),
        ("ask", [], RUN, OUTSIDE, {}, Ask, "mode: ask"),
        ("ask", [], RUN, SAFE, {"is_inside": lambda _path: False}, Ask, "mode: ask"),
        ("ask", [], RUN, SAFE | {"directory": "a/.."}, {}, Ask, "mode: ask"),
        # The tool refuses these: nothing runs, and the model is told what is wrong.
        ("ask", [], RUN, BROKEN, {}, Allow, "arguments that the tool refuses"),
        ("ask", [DENY], RUN, BROKEN, {}, Allow, "arguments that the tool refuses"),
        ("read_only", [], RUN, BROKEN, {}, Deny, "mode: read only"),
        # To look at a program is to read; to stop it is not, and starts none.
        ("read_only", [], STOP, LISTED, {}, Allow, "only reads"),
        ("read_only", [], STOP, STOPPED, {}, Deny, "mode: read only"),
        ("ask", [], STOP, STOPPED, {}, Allow, "starts no program"),
        # A line for a shell takes a rule in every mode.
        ("ask", [], RUN, SHELL, {}, Deny, "no rule for this shell"),
        ("auto", [], RUN, SHELL, {}, Deny, "no rule for this shell"),
        ("read_only", SHELL_RULES[2:], RUN, SHELL, {}, Deny, "mode: read only"),
        ("auto", [ALLOW], RUN, SHELL, {}, Deny, "no rule for this shell"),
        ("ask", SHELL_RULES[2:], RUN, SHELL, {}, Allow, "rule run_command: sh -c **"),
        ("auto", SHELL_RULES[1:], RUN, SHELL, {}, Ask, "rule run_command: sh -c **"),
        ("auto", SHELL_RULES, RUN, SHELL, {}, Deny, "rule run_command: sh -c **"),
        ("ask", [], RUN, SHELL, {"is_repeated": True}, Deny, "no rule for this shell"),
        # Rules come before the mode, and the strictest before the others, in whatever order.
        ("ask", [ALLOW], RUN, COMMAND, {}, Allow, "rule *: npm **"),
        ("auto", [ASK], RUN, COMMAND, {}, Ask, "rule *: npm **"),
        ("auto", [DENY], RUN, COMMAND, {}, Deny, "rule *: npm **"),
        ("ask", [DENY, ALLOW], RUN, COMMAND, {}, Deny, "rule *: npm **"),
        ("ask", [ALLOW, DENY], RUN, COMMAND, {}, Deny, "rule *: npm **"),
        ("auto", [ASK, ALLOW], RUN, COMMAND, {}, Ask, "rule *: npm **"),
        ("ask", [Rule("run_command", "npm test", "allow"), DENY], RUN, COMMAND, {}, Deny, "rule *: npm **"),
        ("read_only", [ALLOW], RUN, COMMAND, {}, Deny, "mode: read only"),
        ("ask", [Rule("*", "ls src", "allow")], RUN, SAFE, {"risk": RISK}, Allow, "rule *: ls src"),
        ("ask", [DENY_A], READ, {"path": "a"}, {}, Deny, "rule *: a"),
        ("ask", [ASK_A], WRITE, FILE, {}, Ask, "rule *: a"),
        ("ask", [Rule("run_command", "a", "deny")], WRITE, FILE, {}, Allow, "mode: ask"),
        # Each path counts, by where it leads.
        ("auto", [ALLOW_A], "move_file", MOVED, {}, Allow, "mode: auto"),
        ("auto", [ALLOW_A, NO_KEYS], "move_file", MOVED, {}, Deny, "rule *: keys/*"),
        ("auto", [NO_KEYS], WRITE, FILE, {"real_path": lambda path: f"keys/{path}"}, Deny, "rule *: keys/*"),
        # A third time in a row is asked about where the project asks, unless it is denied.
        ("ask", [], READ, {"path": "a"}, {"is_repeated": True}, Ask, REPEATED),
        ("ask", [ALLOW], RUN, COMMAND, {"is_repeated": True}, Ask, REPEATED),
        ("ask", [ASK], RUN, COMMAND, {"is_repeated": True}, Ask, REPEATED),
        ("ask", [DENY], RUN, COMMAND, {"is_repeated": True}, Deny, "rule *: npm **"),
        ("auto", [], RUN, COMMAND, {"is_repeated": True}, Allow, "mode: auto"),
        ("read_only", [], READ, {"path": "a"}, {"is_repeated": True}, Allow, "only reads"),
    ],
)
def test_it_decides(
    mode: Mode, rules: list[Rule], tool: str, args: Any, facts: dict[str, Any], verdict: type[Decision], by: str
) -> None:
    decision = decide(mode, rules, Call(TOOLS[tool], args, **facts))
    assert (type(decision), decision.by) == (verdict, by)
    assert isinstance(decision, Allow) or decision.reason.endswith(".")


def test_it_says_why() -> None:
    def reason(mode: Mode, rules: list[Rule], tool: str, args: Any, **facts: Any) -> str:
        decision = decide(mode, rules, Call(TOOLS[tool], args, **facts))
        assert not isinstance(decision, Allow)
        return decision.reason

    assert "read-only: write_file" in reason("read_only", [], WRITE, FILE)
    assert "rm -rf 'a b' is not on the list" in reason("ask", [], RUN, {"command": ["rm", "-rf", "a b"]})
    assert reason("ask", [], RUN, SAFE, risk=RISK) == RISK
    assert "No rule of this project allows this line in a shell" in reason("auto", [], RUN, SHELL)
    assert "may do anything with it" in reason("auto", SHELL_RULES[1:], RUN, SHELL)
    assert reason("auto", [ASK], RUN, COMMAND) == "A rule of this project asks before this call of run_command."
    assert reason("auto", [DENY], RUN, COMMAND) == "A rule of this project denies this call of run_command."
    assert "third time in a row" in reason("ask", [], READ, {"path": "a"}, is_repeated=True)


def test_a_rule_has_its_say_on_what_is_decided_elsewhere() -> None:
    """As of the project's check, which BooCode runs by itself."""
    check, subjects = TOOLS["check"], [["npm", "test"]]
    asked = Ask("BooCode wants to check its work.", "mode: ask")
    assert decide_by_rules([], check, subjects, asked) == asked
    assert decide_by_rules([ALLOW], check, subjects, asked) == Allow("rule *: npm **")
    assert decide_by_rules([ASK], check, subjects, asked) == Ask(asked.reason, "rule *: npm **")
    assert isinstance(decide_by_rules([ALLOW, DENY], check, subjects, asked), Deny)


def test_it_wants_a_second_look_only_at_what_the_list_alone_allows() -> None:
    def wants(mode: Mode, rules: list[Rule], args: Any, **facts: Any) -> bool:
        return needs_second_look(decide(mode, rules, Call(TOOLS[RUN], args, **facts)))

    assert wants("ask", [], SAFE)
    assert not wants("auto", [], SAFE)
    assert not wants("ask", [], COMMAND)
    assert not wants("ask", [Rule("*", "ls **", "allow")], SAFE)
    assert not wants("ask", [], SAFE, is_repeated=True)


def test_it_denies_all_but_reads_where_the_project_is_read_only() -> None:
    for name, tool in TOOLS.items():
        assert verdict_of("read_only", name, {}) == ("allow" if tool.kind == "read" else "deny"), name


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
    for args, expected in (
        ({"command": ["cat", "out"]}, "ask"),
        ({"command": ["cat", "src/a"]}, "allow"),
        ({"command": ["cat", "a"], "directory": "src"}, "allow"),
        ({"command": ["cat", "../src/a"], "directory": "src"}, "allow"),
        ({"command": ["cat", "../../x"], "directory": "src"}, "ask"),
        ({"command": ["cat", ".git/config"]}, "ask"),
        ({"command": ["cat", f"{root}/src/a"]}, "allow"),
    ):
        assert verdict_of("ask", RUN, args, workspace.reaches) == expected, args


def test_it_reads_the_arguments_as_the_tool_does() -> None:
    assert verdict_of("ask", RUN, '{"command": ["rm", "a"]}') == "ask"
    assert verdict_of("ask", RUN, '{"command": "[\\"rm\\", \\"a\\"]"}') == "ask"
    # The tool refuses these, so there is nothing to ask about.
    assert verdict_of("ask", RUN, "not json") == "allow"
    assert verdict_of("ask", RUN, {"command": "rm a"}) == "allow"


def test_it_goes_up_from_where_a_link_leads(root: Path, workspace: Workspace) -> None:
    """The kernel takes `link/..` for what is above the link's target, and never for nothing at all."""
    (root.parent / "secret").touch()
    (root / "a/b").mkdir(parents=True)
    (root / "self").symlink_to(".")
    (root / "a/b/up").symlink_to("../..")
    (root / "down").symlink_to("a/b")
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
        assert verdict_of("ask", RUN, args, workspace.reaches) == expected, args


@pytest.mark.parametrize("text", ["[" * 100_000, '{"command": ' + "[" * 100_000])
def test_no_depth_of_arguments_breaks_it(text: str) -> None:
    for args in (text, {"command": text}):
        assert verdict_of("ask", RUN, args) == "allow"
        assert subjects_of(TOOLS["run_command"], args) == []


ARGUMENT = st.one_of(
    st.text(max_size=8),
    st.sampled_from(["-n", "--", "-e", "-la", "--stat", "/etc/passwd", "../x", "-exec", "--output=x", "a", "HEAD"]),
)


@given(st.sampled_from(["git", "rg", "find", "cat", "grep", "ls"]), st.lists(ARGUMENT, max_size=5))
def test_it_never_allows_a_path_outside_by_any_arrangement(program: str, arguments: list[str]) -> None:
    command = [program, *arguments]
    found = verdict("ask", RUN, command=command)
    assert found in ("allow", "ask")
    # What the tool refuses (a NUL) may pass, for it never runs.
    if found == "allow" and program in ("cat", "ls") and TOOLS[RUN].try_parse({"command": command}):
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
    assert verdict_of("ask", name, args) in ("allow", "ask", "deny")
    assert verdict_of("read_only", name, args) == ("allow" if TOOLS[name].kind_of(args) == "read" else "deny")
    assert all(subject for subject in subjects_of(TOOLS[name], args))
