import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traces.redaction import MASK, Redactor, secrets_of

KEY = "sk-canary-0123456789"
PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\n-----END PRIVATE KEY-----"


@pytest.mark.parametrize(
    "name", ["OPENAI_API_KEY", "GITHUB_TOKEN", "my_secret", "PGPASSWORD", "SENTRY_DSN", "API_KEY2", "apikey"]
)
def test_it_knows_a_secret_by_the_variables_name(name: str) -> None:
    assert secrets_of({name: KEY, "LANG": "C.UTF-8 or so"}) == {KEY}


def test_it_finds_the_password_in_an_address() -> None:
    assert secrets_of({"DATABASE_URL": "postgres://boo:hunter2hunter2@db/boo"}) == {"hunter2hunter2"}
    assert secrets_of({"REDIS_URL": "redis://:hunter2hunter2@cache:6379/0"}) == {"hunter2hunter2"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SSH_KEY_PATH", "/home/me/.ssh/id_ed25519"),
        ("GOOGLE_APPLICATION_CREDENTIALS", "/home/me/key.json"),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("FEATURE_KEY", "true"),
        ("TOKENIZERS_PARALLELISM", "sometimes"),
        ("KEYBOARD_LAYOUT", "us-international"),
        ("GIT_CONFIG_KEY_0", "safe.bareRepository"),
        ("DATABASE_URL", "sqlite:///home/me/boocode.sqlite3"),
    ],
)
def test_it_takes_no_place_and_no_short_word_for_a_secret(name: str, value: str) -> None:
    assert secrets_of({name: value}) == set()


def test_it_masks_every_occurrence() -> None:
    assert Redactor([KEY]).text(f"a {KEY} b {KEY}") == f"a {MASK} b {MASK}"


def test_it_masks_the_longer_of_two_that_begin_alike() -> None:
    assert Redactor([KEY, f"{KEY}-and-more"]).text(f"{KEY}-and-more") == MASK


def test_it_masks_what_a_json_text_makes_of_a_secret() -> None:
    secret = 'with "quotes" and \\'
    assert Redactor([secret]).text(json.dumps({"a": secret})) == json.dumps({"a": MASK})


def test_it_masks_the_lines_of_a_private_key() -> None:
    assert "MIIEvQ" not in Redactor([PEM]).text("  1\tMIIEvQIBADANBgkqhkiG9w0BAQEF")


def test_it_masks_keys_and_values_at_any_depth() -> None:
    value = {"command": ["echo", KEY], KEY: [{"n": 1, "x": None, "y": f"={KEY}"}]}
    assert Redactor([KEY]).value(value) == {"command": ["echo", MASK], MASK: [{"n": 1, "x": None, "y": f"={MASK}"}]}


def test_it_leaves_other_bytes_as_they_are() -> None:
    assert Redactor([KEY]).data(b"\xff\x00" + KEY.encode() + b"\xc3") == b"\xff\x00" + MASK.encode() + b"\xc3"


def test_it_masks_what_the_pattern_matches() -> None:
    redactor = Redactor([], r"ghp_\w{4,}|\d{3}-\d{2}-\d{4}")
    assert redactor.text("ghp_abcdef 123-45-6789 x") == f"{MASK} {MASK} x"


def test_it_stands_a_pattern_that_matches_nothing_at_all() -> None:
    assert Redactor([], "z*").text("abc") == "abc"


def test_it_refuses_a_broken_pattern() -> None:
    with pytest.raises(re.error):
        Redactor([], "(")


@given(st.lists(st.integers(1, 9), max_size=30), st.text(alphabet="sk-cany0189 ", max_size=40))
def test_it_masks_a_secret_however_it_is_cut(cuts: list[int], noise: str) -> None:
    text = f"{noise}{KEY}{noise}{KEY}"
    stream, pieces, start = Redactor([KEY]).stream(), [], 0
    for length in [*cuts, len(text)]:
        pieces.append(stream.feed(text[start : start + length]))
        start += length
    pieces.append(stream.finish())
    assert "".join(pieces) == Redactor([KEY]).text(text)


def test_it_holds_nothing_back_that_is_no_beginning() -> None:
    stream = Redactor([KEY]).stream()
    assert stream.feed("hello") == "hello"
    assert stream.feed("task") == "ta"
    assert stream.feed("s") == "sk"
