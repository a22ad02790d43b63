"""What is new since the turn began, whatever moved meanwhile."""

from tools.check.regressions import (
    MAX_ATTEMPTS,
    SHOWN_BYTES,
    Problem,
    Report,
    count_fingerprints,
    describe_regressions,
    judge,
    makes_no_progress,
    merge_repeats,
)

OLD = Problem("Name 'x' is unknown", "a.py", "F821", (3,))
NEW = Problem("Name 'y' is unknown", "a.py", "F821", (9,))


def ended(*problems: Problem) -> Report:
    return Report("ended", problems)


def test_an_error_on_another_line_is_the_same() -> None:
    moved = Problem(OLD.message, OLD.file, OLD.code, (300,))
    assert judge(count_fingerprints([OLD]), ended(moved)).status == "passed"
    assert judge(count_fingerprints([OLD]), ended(moved)).old == (moved,)


def test_places_addresses_and_durations_in_a_message_do_not_count() -> None:
    before = Problem("line 3: took 12 ms at 0x7f00, see b.py:4:5", "a.py")
    after = Problem("line 40: took 9 ms at 0x7fff, see b.py:44:1", "a.py")
    assert before.fingerprint == after.fingerprint
    assert Problem("Expected 2, got 1").fingerprint != Problem("Expected 3, got 1").fingerprint


def test_only_what_is_new_is_new() -> None:
    judgement = judge(count_fingerprints([OLD]), ended(OLD, NEW))
    assert (judgement.status, judgement.new, judgement.old) == ("failed", (NEW,), (OLD,))


def test_once_more_of_the_same_error_is_new() -> None:
    again = Problem(OLD.message, OLD.file, OLD.code, (50,))
    judgement = judge(count_fingerprints([OLD]), ended(OLD, again))
    assert judgement.status == "failed"
    assert judgement.new[0].lines == (3, 50)


def test_the_same_error_is_told_once() -> None:
    again = Problem(NEW.message, NEW.file, NEW.code, (50,))
    assert merge_repeats([again, NEW]) == (Problem(NEW.message, NEW.file, NEW.code, (9, 50)),)


def test_without_a_run_before_everything_is_new() -> None:
    assert judge(None, ended(OLD)).new == (OLD,)


def test_a_check_that_never_worked_says_nothing() -> None:
    blind = Problem("sh: tsc: not found")
    assert (
        judge(count_fingerprints([blind]), ended(Problem("sh: tsc: gone")), before_was_blind=True).status
        == "not_checked"
    )
    assert judge(count_fingerprints([blind]), ended(NEW), before_was_blind=True).status == "failed"
    assert judge({}, ended(blind)).status == "failed"


def test_no_end_is_no_judgement() -> None:
    assert judge({}, Report("timeout", reason="slow")).status == "timeout"
    assert judge({}, Report("not_run", reason="no npm")).status == "not_checked"


def test_it_gives_up_where_all_of_it_stays() -> None:
    last = [NEW.fingerprint]
    assert makes_no_progress(last, [NEW])
    assert makes_no_progress(last, [NEW, OLD])
    assert not makes_no_progress(last, [OLD])
    assert not makes_no_progress([], [NEW])


def test_the_model_is_told_what_where_and_what_not() -> None:
    judgement = judge(count_fingerprints([OLD]), ended(OLD, NEW))
    text = describe_regressions("npm run build", judgement, 2, {NEW: "> 9\tprint(y)"}, compared=True)
    assert f"`npm run build`, has new errors since your changes (attempt 2 of {MAX_ATTEMPTS}" in text
    assert "a.py:9: F821 Name 'y' is unknown\n> 9\tprint(y)" in text
    assert "1 other error(s) were there before" in text
    assert "'x'" not in text


def test_a_thousand_errors_fill_no_context() -> None:
    many = [Problem(f"{number} " + "w" * 400, f"{number}.py", "E1", (1,)) for number in range(1_000)]
    text = describe_regressions("make", judge({}, ended(*many)), 1, dict.fromkeys(many, "x" * 900), compared=True)
    assert len(text) < SHOWN_BYTES + 2_000
    assert "more; they may go away" in text
