"""Rules compare word by word, never by prefix."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.permissions.rules import Rule, exact_pattern, matches, strictest_rule, subjects_of
from tools.registry import TOOLS


def verdict(rules: list[Rule], tool: str, subjects: list[list[str]]) -> str | None:
    rule = strictest_rule(rules, TOOLS[tool], subjects)
    return None if rule is None else rule.verdict


@pytest.mark.parametrize(
    ("pattern", "command", "expected"),
    [
        ("npm test", ["npm", "test"], True),
        ("npm test", ["npm", "test", "--", "x"], False),
        ("npm test", ["npm", "tests"], False),
        ("npm *", ["npm", "test"], True),
        ("npm *", ["npm", "run", "test"], False),
        ("npm **", ["npm", "run", "test"], True),
        ("npm **", ["npm"], True),
        ("npm **", ["npx", "run"], False),
        ("git diff", ["git", "diff", "--output=x"], False),
        ("'a b' c", ["a b", "c"], True),
        ("'unclosed", ["unclosed"], False),
        ("sh -c 'echo *'", ["sh", "-c", "echo a b"], True),
        ("sh -c 'echo *'", ["sh", "-c", "echo a; rm b"], False),
        ("sh -c 'echo *'", ["sh", "-c", "echo a\nrm b"], False),
        ("sh -c 'echo *'", ["sh", "-c", "echo $(rm b)"], False),
        ("bash -lc 'echo *'", ["bash", "-lc", "echo a > b"], False),
        ("env bash -c 'echo *'", ["env", "bash", "-c", "echo a & rm b"], False),
        ("sh -c 'echo * | tr a b'", ["sh", "-c", "echo a | tr a b"], True),
        ("sh -c **", ["sh", "-c", "echo a; rm b"], True),
        ("grep *", ["grep", "a|b"], True),
    ],
)
def test_it_compares_words(pattern: str, command: list[str], expected: bool) -> None:
    assert matches(pattern, command) is expected


def test_the_strictest_match_wins_in_any_order() -> None:
    allow, ask = Rule("run_command", "npm **", "allow"), Rule("run_command", "npm run *", "ask")
    deny = Rule("*", "npm publish", "deny")
    for rules in itertools.permutations([allow, ask, deny]):
        assert strictest_rule(rules, TOOLS["run_command"], [["npm", "publish"]]) == deny
        assert strictest_rule(rules, TOOLS["run_command"], [["npm", "run", "build"]]) == ask
        assert strictest_rule(rules, TOOLS["run_command"], [["npm", "test"]]) == allow
        assert strictest_rule(rules, TOOLS["run_command"], [["make"]]) is None
        assert strictest_rule(rules, TOOLS["read_file"], [["npm"]]) is None


def test_a_program_is_kept_from_running_by_whatever_path() -> None:
    rules = [Rule("run_command", "* **", "allow"), Rule("run_command", "rm **", "deny")]
    for program in ("rm", "/bin/rm", "./rm", "/usr/bin/../bin/rm"):
        assert verdict(rules, "run_command", [[program, "x"]]) == "deny"
    assert verdict([Rule("run_command", "ls", "allow")], "run_command", [["./ls"]]) is None
    assert verdict([Rule("*", "rm", "deny")], "write_file", [["bin/rm"]]) is None


@pytest.mark.parametrize("args", [{"command": ["a", "b c"]}, '{"command": ["a", "b c"]}', {"command": '["a", "b c"]'}])
def test_another_spelling_of_a_call_has_the_same_words(args: Any) -> None:
    assert subjects_of(TOOLS["run_command"], args) == [["a", "b c"]]


def test_each_path_of_a_call_counts() -> None:
    patch = "--- /dev/null\n+++ b/new.py\n@@ -0,0 +1 @@\n+x\n--- a/keys/k\n+++ b/keys/k\n@@ -1 +1 @@\n-a\n+b\n"
    subjects = subjects_of(TOOLS["apply_patch"], {"patch": patch})
    assert subjects == [["new.py"], ["keys/k"]]
    assert subjects_of(TOOLS["move_file"], {"path": "a", "to": "b"}) == [["a"], ["b"]]
    deny, allow = Rule("*", "keys/*", "deny"), Rule("apply_patch", "new.py", "allow")
    assert verdict([deny], "apply_patch", subjects) == "deny"
    assert verdict([allow], "apply_patch", subjects) is None
    assert verdict([allow, Rule("*", "keys/k", "allow")], "apply_patch", subjects) == "allow"


words = st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=1, max_size=4)


@given(words, words)
def test_an_exact_pattern_matches_its_call_alone(command: list[str], other: list[str]) -> None:
    pattern = exact_pattern(command)
    if command[-1:] != ["**"]:
        assert matches(pattern, command)
        assert matches(pattern, other) is (command == other)
