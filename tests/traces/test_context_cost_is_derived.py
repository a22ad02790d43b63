from hypothesis import given
from hypothesis import strategies as st

from traces.record.context_cost import Counted, count_added_tokens, share_out, was_cut

FIRST = Counted("m", prompt=1000, completion=50, reasoning=20)


def test_it_is_what_the_prompt_grew_by_beyond_the_answer() -> None:
    assert count_added_tokens(FIRST, Counted("m", prompt=1430, completion=9)) == 400


def test_it_is_never_less_than_nothing() -> None:
    assert count_added_tokens(FIRST, Counted("m", prompt=1010, completion=9)) == 0


def test_it_is_unknown_where_somebody_did_not_count() -> None:
    assert count_added_tokens(FIRST, Counted("m", prompt=None, completion=9)) is None
    assert count_added_tokens(Counted("m", 1000, None), Counted("m", 1400, 9)) is None


def test_it_is_unknown_after_another_model_or_a_cut() -> None:
    assert count_added_tokens(FIRST, Counted("other", prompt=1430, completion=9)) is None
    assert count_added_tokens(FIRST, Counted("m", prompt=300, completion=9)) is None


def test_it_takes_a_much_shorter_prompt_for_a_cut() -> None:
    assert was_cut(FIRST, Counted("m", 700, 1))
    assert not was_cut(FIRST, Counted("m", 990, 1))
    assert not was_cut(FIRST, Counted("other", 700, 1))
    assert not was_cut(FIRST, Counted("m", None, 1))


def test_it_shares_by_length() -> None:
    assert share_out(100, [30, 10]) == [75, 25]
    assert share_out(10, [0, 0]) == [5, 5]
    assert share_out(10, []) == []


@given(st.integers(0, 10**6), st.lists(st.integers(0, 10**5), min_size=1, max_size=20))
def test_it_loses_nothing_in_sharing(total: int, lengths: list[int]) -> None:
    parts = share_out(total, lengths)
    assert sum(parts) == total
    assert min(parts) >= 0
