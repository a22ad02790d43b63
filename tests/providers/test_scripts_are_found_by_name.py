import json
from pathlib import Path

import pytest

from chats.providers.base import ModelError
from chats.providers.config import ProviderConfig
from chats.providers.registry import open_model
from tests.providers.playing import play


def config(tmp_path: Path) -> ProviderConfig:
    return ProviderConfig(scripts_dir=tmp_path, environment={})


async def test_it_plays_a_file_of_the_scripts_directory(tmp_path: Path) -> None:
    (tmp_path / "greet.json").write_text(json.dumps([{"text": "Hello, 世界."}]))
    model = open_model("scripted:greet", config(tmp_path))
    assert model.name == "scripted:greet"
    assert model.context_window is None
    assert (await play(model)).text == "Hello, 世界."


def test_it_takes_a_context_window_from_the_file(tmp_path: Path) -> None:
    (tmp_path / "small.json").write_text(json.dumps({"context_window": 500, "script": [{"text": "Hello."}]}))
    assert open_model("scripted:small", config(tmp_path)).context_window == 500


@pytest.mark.parametrize("name", ["missing", "../greet", "a/b", ".hidden", "greet.json"])
def test_it_says_which_scripts_there_are(tmp_path: Path, name: str) -> None:
    (tmp_path / "greet.json").write_text("[]")
    (tmp_path.parent / "greet.json").write_text("[]")
    (tmp_path / ".hidden.json").write_text("[]")
    with pytest.raises(ModelError, match=r"There is: demo, greet\. To add one, put") as caught:
        open_model(f"scripted:{name}", config(tmp_path))
    assert caught.value.reason == "unknown_model"


def test_it_says_which_setting_names_the_directory() -> None:
    with pytest.raises(ModelError, match="set BOOCODE_SCRIPTS_DIR"):
        open_model("scripted:mine", ProviderConfig())


def test_it_says_that_a_file_is_no_json(tmp_path: Path) -> None:
    (tmp_path / "torn.json").write_text('[{"text": ')
    with pytest.raises(ModelError, match="The script 'torn' cannot be read: it is no JSON"):
        open_model("scripted:torn", config(tmp_path))
