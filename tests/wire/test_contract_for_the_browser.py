"""static/js/stream/contract.js is made from the frames' classes and committed, so that the browser needs no build."""

from chats.management.commands import wirecontract


def test_it_is_not_stale() -> None:
    stale = "static/js/stream/contract.js is stale. Run: python manage.py wirecontract"
    assert wirecontract.PATH.read_text() == wirecontract.render(), stale


def test_it_takes_the_place_of_a_promise_once_there_is_a_class() -> None:
    made = {wirecontract.get_wire_name(frame) for frame in wirecontract.list_frames()}
    assert not made & set(wirecontract.PROMISED), "Take these out of PROMISED: they have classes now."
