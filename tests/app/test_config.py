"""What settings files and the environment say, shown."""

import pytest

from seqterm.app.commands import TrainLstm
from seqterm.errors import UsageError
from seqterm.events import Note, Setting
from seqterm.options import parameters


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "seqterm.toml"
    path.write_text("[train]\nseed = 3\n[train.lstm]\nhidden = 7\n[profile.tiny.train.lstm]\nhidden = 2\n")
    return path


def test_of_one_command_every_field_is_shown(do, project):
    shown = {event.name: event for event in do("config", "show", command=("train", "lstm"), origins=True)}
    assert list(shown) == [parameter.flag for parameter in parameters(TrainLstm)]
    assert shown["hidden"] == Setting("train.lstm", "hidden", 7, f"project: {project}, [train.lstm]")
    assert shown["seed"] == Setting("train.lstm", "seed", 3, f"project: {project}, [train]")
    assert shown["layers"] == Setting("train.lstm", "layers", 1, "built in")
    assert shown["patience"].value is None


def test_origins_are_left_out_unless_asked_for(do):
    assert {event.origin for event in do("config", "show", command=("train", "lstm"))} == {None}


@pytest.mark.parametrize("command", [(), ("train",)])
def test_of_several_commands_what_is_set_is_shown(do, command):
    events = do("config", "show", command=command)
    assert Setting("train.lstm", "hidden", 7, None) in events
    assert Setting("train.gru", "seed", 3, None) in events
    assert {event.name for event in events} == {"seed", "hidden"}


def test_with_a_profile(do, project):
    events = do("config", "show", command=("train",), profile="tiny", origins=True)
    assert Setting("train.lstm", "hidden", 2, f"profile tiny: {project}, [profile.tiny.train.lstm]") in events


def test_where_nothing_is_set_a_note_says_how(do, project):
    project.unlink()
    (event,) = do("config", "show")
    assert isinstance(event, Note)


def test_misspelt_variables_are_named(do, monkeypatch):
    monkeypatch.setenv("SEQTERM_TRAIN_LSTM_HIDEN", "3")
    monkeypatch.setenv("SEQTERM_TRAIN_LSTM_HIDDEN", "5")
    monkeypatch.setenv("SEQTERM_OTHER", "3")
    events = do("config", "show", command=("train", "lstm"))
    assert [event.text.split()[0] for event in events if isinstance(event, Note)] == ["SEQTERM_TRAIN_LSTM_HIDEN"]


@pytest.mark.parametrize(
    ("command", "says"),
    [(("train", "lstn"), "train lstm"), (("smaple",), "sample"), (("lstm",), "train lstm"), (("config",), "There is no command")],
)
def test_an_unknown_command_is_answered_with_the_nearest(do, command, says):
    with pytest.raises(UsageError, match=says):
        do("config", "show", command=command)


def test_paths_name_the_files(do, project, tmp_path, monkeypatch):
    monkeypatch.setenv("SEQTERM_CONFIG", str(tmp_path / "mine.toml"))
    places = {event.name: event.path for event in do("paths")}
    assert (places["settings"], places["project"]) == (str(tmp_path / "mine.toml"), str(project))
    project.unlink()
    assert "project" not in {event.name for event in do("paths")}
