import os
import time
from pathlib import Path

import pytest

from tests.tools.conftest import Call


async def test_it_numbers_the_lines(root: Path, call: Call) -> None:
    (root / "a.py").write_text("one\ntwo\n")
    result = await call("read_file", path="a.py")
    assert result.output == "1\tone\n2\ttwo"
    assert (result.error, result.truncated) == (None, False)


@pytest.mark.parametrize(
    ("text", "shown"),
    [("one", "1\tone"), ("one\n\n", "1\tone\n2\t"), ("a\r\nb\r\n", "1\ta\n2\tb"), ("\n", "1\t")],
)
async def test_it_knows_where_lines_end(root: Path, call: Call, text: str, shown: str) -> None:
    (root / "a").write_bytes(text.encode())
    assert (await call("read_file", path="a")).output == shown


async def test_it_says_which_part_it_shows_and_how_to_get_the_rest(root: Path, call: Call) -> None:
    (root / "a").write_text("".join(f"line {number}\n" for number in range(1, 5_313)))
    result = await call("read_file", path="a", limit=200)
    assert result.output.endswith("200\tline 200\n[lines 1-200 of 5,312; ask for offset=201]")
    assert result.truncated
    result = await call("read_file", path="a", offset=5_311)
    assert result.output == "5311\tline 5311\n5312\tline 5312\n[lines 5311-5312 of 5,312]"


@pytest.mark.parametrize("offset", [4, 100])
async def test_it_says_how_many_lines_there_are(root: Path, call: Call, offset: int) -> None:
    (root / "a").write_text("1\n2\n3\n")
    result = await call("read_file", path="a", offset=offset)
    assert result.error == f"a has 3 lines; line {offset} does not exist."


async def test_it_counts_a_last_line_without_its_newline(root: Path, call: Call) -> None:
    (root / "a").write_text("1\n2\n3")
    assert "of 3;" in (await call("read_file", path="a", limit=1)).output
    assert (await call("read_file", path="a", offset=9)).error == "a has 3 lines; line 9 does not exist."


async def test_it_labels_what_is_no_text(root: Path, call: Call) -> None:
    (root / "binary").write_bytes(b"\x7fELF\0\0" * 100)
    (root / "broken").write_bytes(b"caf\xe9\n")
    (root / "empty").touch()
    assert (await call("read_file", path="binary")).output == "[binary is a binary file of 600 bytes; it is not shown]"
    assert (await call("read_file", path="broken")).output.startswith("1\tcaf\ufffd\n[not valid UTF-8")
    assert (await call("read_file", path="empty")).output == "[empty is empty]"


async def test_it_cuts_a_line_of_50_mb(root: Path, call: Call) -> None:
    (root / "a").write_bytes(b"before\n" + "é".encode() * 25_000_000 + b"\nafter\n")
    result = await call("read_file", path="a")
    assert len(result.output) < 3_000
    assert "more bytes in this line]" in result.output
    assert "\n3\tafter\n" in result.output
    assert "not valid UTF-8" not in result.output


async def test_it_reads_far_into_a_large_file_quickly(root: Path, call: Call) -> None:
    (root / "a").write_text("".join(f"this is the line with the number {number}\n" for number in range(1, 1_000_001)))
    await call("read_file", path="a", limit=1)
    started = time.perf_counter()
    result = await call("read_file", path="a", offset=900_000, limit=100)
    assert result.output.startswith("900000\tthis is the line with the number 900000\n")
    assert "[lines 900000-900099 of 1,000,000; ask for offset=900100]" in result.output
    assert time.perf_counter() - started < 3  # 0.1 s on an idle machine


async def test_it_stands_a_file_of_5_gb(root: Path, call: Call) -> None:
    (root / "a").write_bytes(b"first\n" * 10_000)
    os.truncate(root / "a", 5 * 1024**3)
    result = await call("read_file", path="a", limit=2)
    assert result.output.startswith("1\tfirst\n2\tfirst\n[lines 1-2 of more than 10,0")


async def test_it_names_what_is_near_a_name_that_is_not_there(root: Path, call: Call) -> None:
    (root / "src").mkdir()
    (root / "src/settings.py").touch()
    result = await call("read_file", path="src/setings.py")
    assert result.error == "src/setings.py does not exist. Near it: src/settings.py."


async def test_it_sends_a_directory_to_list_files(root: Path, call: Call) -> None:
    (root / "src").mkdir()
    assert (await call("read_file", path="src")).error == "src is a directory: use list_files."
    assert (await call("read_file", path=".")).error == ". is a directory: use list_files."


async def test_it_says_that_the_folder_is_gone(root: Path, call: Call) -> None:
    os.rmdir(root)
    assert "does not exist any more" in ((await call("read_file", path="a")).error or "")
