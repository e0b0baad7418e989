"""Defaults from settings files and the environment: what counts first, and what is refused."""

import os
import tomllib

import pytest

from seqterm.app.arguments import words
from seqterm.app.commands import COMMANDS
from seqterm.app.settings_files import configured, defaults, profile_names, project_file, table_of, tables_of, user_file, variable
from seqterm.errors import DataError, SeqtermError, UsageError
from seqterm.faces.text import _toml
from seqterm.options import check, parameters

LSTM, NGRAM, RESUME, MLP, SAMPLE = (
    ("train", "lstm"),
    ("train", "ngram"),
    ("train", "--resume"),
    ("train", "mlp-ar"),
    ("sample",),
)


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """The settings file of the current folder, which is not there yet."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SEQTERM_CONFIG", str(tmp_path / "user.toml"))
    return folder / "seqterm.toml"


@pytest.fixture
def user(tmp_path):
    return tmp_path / "user.toml"


def value(path, name, profile=None):
    found = defaults(path, profile).get(name)
    return found.value if found else None


def origin(path, name, profile=None):
    return defaults(path, profile)[name].origin


# What counts first


def test_without_files_nothing_is_set():
    assert defaults(LSTM) == {}


LAYERS = ["environment", "project profile", "user profile", "project", "user"]


@pytest.mark.parametrize("there", range(len(LAYERS)))
def test_what_is_nearer_to_the_command_counts(project, user, monkeypatch, there):
    tables = dict.fromkeys(("project", "user"), "")
    for number, layer in enumerate(LAYERS[there:], there):
        if layer == "environment":
            monkeypatch.setenv("SEQTERM_TRAIN_LSTM_HIDDEN", str(number + 1))
        else:
            table = "profile.tiny.train.lstm" if layer.endswith("profile") else "train.lstm"
            tables[layer.split()[0]] += f"[{table}]\nhidden = {number + 1}\n"
    project.write_text(tables["project"])
    user.write_text(tables["user"] + "[profile.tiny.sample]\nlength = 1\n")
    assert value(LSTM, "hidden", "tiny") == there + 1
    where = {"environment": "SEQTERM_TRAIN_LSTM_HIDDEN", "project": str(project), "user": str(user)}[LAYERS[there].split()[0]]
    assert where in origin(LSTM, "hidden", "tiny")


def test_what_was_typed_counts_before_all(project, monkeypatch):
    project.write_text("[train.lstm]\nhidden = 7\nlayers = 2\n")
    monkeypatch.setenv("SEQTERM_TRAIN_LSTM_HIDDEN", "8")
    command = configured(LSTM, {"hidden": 9}, defaults(LSTM))
    assert (command.hidden, command.layers, command.given) == (9, 2, {"hidden"})


def test_of_one_file_the_table_of_the_command_counts_and_order_is_no_matter(project):
    project.write_text("[train.lstm]\nhidden = 7\n[train]\nhidden = 8\nepochs = 3\n[train.gru]\nhidden = 9\n")
    assert [value(path, "hidden") for path in (LSTM, ("train", "gru"), ("train", "elman"))] == [7, 9, 8]
    assert value(LSTM, "epochs") == 3


def test_a_shared_table_is_for_commands_that_have_the_field(project):
    project.write_text("[train]\nhidden = 8\n")
    assert "hidden" not in defaults(NGRAM)
    assert value(MLP, "hidden") == (8,)  # which may have several


def test_a_shared_value_that_does_not_suit_a_command_is_refused_there_alone(project):
    project.write_text('[train]\nsentences = "none"\n')
    assert value(LSTM, "sentences") == "none"
    with pytest.raises(DataError, match=r"\[train\] sentences must be one of line, punctuation"):
        defaults(("train", "glove"))
    assert defaults(("train", "glove"), given={"sentences"}) == {}  # where another one is typed


def test_going_on_with_a_run_has_a_table_of_its_own(project):
    project.write_text('[train]\nepochs = 3\n[train.resume]\ntime-limit = "1h"\n')
    assert {name: default.value for name, default in defaults(RESUME).items()} == {"time_limit": 3600.0}


def test_a_profile_is_used_where_it_is_asked_for(project, user, monkeypatch):
    project.write_text("[profile.tiny.train]\nhidden = 8\n")
    user.write_text("[profile.big.train]\nhidden = 800\n")
    assert profile_names() == ["big", "medium", "small", "tiny"]
    assert [value(LSTM, "hidden", name) for name in (None, "tiny", "big")] == [None, 8, 800]
    monkeypatch.setenv("SEQTERM_PROFILE", "big")
    assert [value(LSTM, "hidden", name) for name in (None, "tiny")] == [800, 8]


@pytest.mark.parametrize("profile", ["tiny", "small", "medium"])
@pytest.mark.parametrize("path", [path for path in COMMANDS if path[0] == "train"], ids=" ".join)
def test_sizes_are_there_without_a_file(path, profile):
    """Of every model that has one; none makes a value that its command would refuse."""
    found = defaults(path, profile)
    assert bool(found) == (path[1] not in ("ar", "--resume"))
    assert all(default.origin.startswith(f"profile {profile}: built in, [profile.{profile}.train") for default in found.values())
    check(configured(path, {"run": "x"} if path[1] == "--resume" else {}, found))


def test_sizes_grow():
    assert value(LSTM, "hidden", "tiny") < value(LSTM, "hidden", "small") < value(LSTM, "hidden", "medium")


def test_an_unknown_profile_is_answered_with_the_nearest(project):
    project.write_text("[profile.tiny.train]\nhidden = 8\n")
    with pytest.raises(UsageError, match=r"There is no profile 'tny': did you mean tiny\?"):
        defaults(LSTM, "tny")


# Where files are


@pytest.mark.parametrize("place", ["project", "project/a", "project/a/b"])
def test_the_nearest_file_above_is_the_projects(project, monkeypatch, place):
    (project.parent / "a" / "b").mkdir(parents=True)
    project.touch()
    monkeypatch.chdir(project.parents[1] / place)
    assert project_file() == project
    nearer = project.parents[1] / place / "seqterm.toml"
    nearer.touch()
    assert project_file() == nearer


@pytest.mark.parametrize("git", ["folder", "file", None])
def test_the_search_ends_with_a_repository(project, monkeypatch, git):
    project.touch()
    inner = project.parent / "inner" / "deep"
    inner.mkdir(parents=True)
    if git:
        (inner.parent / ".git").mkdir() if git == "folder" else (inner.parent / ".git").touch()
    monkeypatch.chdir(inner)
    assert project_file() == (None if git else project)
    (inner.parent / "seqterm.toml").touch()
    assert project_file() == inner.parent / "seqterm.toml"


def test_the_home_folder_is_no_project_of_what_is_in_it(project, monkeypatch):
    project.touch()
    inner = project.parent / "inner"
    inner.mkdir()
    monkeypatch.setenv("HOME", str(project.parent))
    monkeypatch.setenv("USERPROFILE", str(project.parent))
    assert project_file() == project  # where one is in it oneself
    monkeypatch.chdir(inner)
    assert project_file() is None


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_a_folder_of_another_owner_says_nothing(project, monkeypatch):
    project.touch()
    inner = project.parent / "inner"
    inner.mkdir()
    os.chown(inner, 12345, -1)
    monkeypatch.chdir(inner)
    assert project_file() is None


def test_a_folder_that_was_deleted_has_no_project(project, monkeypatch):
    gone = project.parent / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert project_file() is None


def test_the_users_file_is_in_the_platforms_folder_unless_it_is_named(monkeypatch, tmp_path):
    assert user_file() == tmp_path / "user.toml"
    monkeypatch.setenv("SEQTERM_CONFIG", "")
    assert user_file().name == "seqterm.toml"
    assert user_file().parent.name == "seqterm"


def test_a_command_without_fields_reads_nothing(project):
    project.write_text("broken")
    assert defaults(("paths",)) == defaults(("runs", "list")) == defaults(("config", "show")) == {}


# Values


@pytest.mark.parametrize(
    ("line", "name", "expected"),
    [
        ("hidden = 7", "hidden", 7),
        ("lr = 1", "lr", 1.0),
        ("lr = 1e-3", "lr", 0.001),
        ("bias = false", "bias", False),
        ("clip-norm = 0", "clip_norm", 0.0),
        ("clip_norm = 0", "clip_norm", 0.0),
        ("validation = 0.2", "validation", "0.2"),
        ('validation = "held-out.txt"', "validation", "held-out.txt"),
        ('save-every = "1m30s"', "save_every", 90.0),
        ("save-every = 90", "save_every", 90.0),
        ('corpus = "tales"', "corpus", ("tales",)),
        ('corpus = ["tales", "verse"]', "corpus", ("tales", "verse")),
        ('from = "other"', "from_run", "other"),
        ('sample-prompt = ""', "sample_prompt", ""),
    ],
)
def test_values_are_those_of_the_options(project, line, name, expected):
    project.write_text(f"[train.lstm]\n{line}\n")
    found = value(LSTM, name)
    assert (found, type(found)) == (expected, type(expected))
    check(configured(LSTM, {}, defaults(LSTM)))


@pytest.mark.parametrize(
    ("name", "text", "field", "expected"),
    [
        ("SEQTERM_TRAIN_LSTM_HIDDEN", "7", "hidden", 7),
        ("SEQTERM_TRAIN_BPTT_TRUNCATE", "4", "bptt_truncate", 4),
        ("SEQTERM_TRAIN_LR", "1e-3", "lr", 0.001),
        ("SEQTERM_TRAIN_BIAS", "Off", "bias", False),
        ("SEQTERM_TRAIN_TIED", "1", "tied", True),
        ("SEQTERM_TRAIN_TIME_LIMIT", "2m", "time_limit", 120.0),
        ("SEQTERM_TRAIN_CORPUS", "tales verse", "corpus", ("tales", "verse")),
        ("SEQTERM_TRAIN_VALIDATION", "0.2", "validation", "0.2"),
    ],
)
def test_the_environment_is_read_as_words(monkeypatch, name, text, field, expected):
    monkeypatch.setenv(name, text)
    found = value(LSTM, field)
    assert (found, type(found)) == (expected, type(expected))
    monkeypatch.setenv(name, "")
    assert defaults(LSTM) == {}


def test_a_command_s_own_variable_counts_before_a_shared_one(monkeypatch):
    monkeypatch.setenv("SEQTERM_TRAIN_HIDDEN", "7")
    monkeypatch.setenv("SEQTERM_TRAIN_LSTM_HIDDEN", "8")
    assert (value(LSTM, "hidden"), value(("train", "gru"), "hidden")) == (8, 7)


def test_no_variable_stands_for_two_things():
    meant = {}
    for path, command_class in COMMANDS.items():
        for table in tables_of(path):
            for parameter in parameters(command_class):
                meant.setdefault(variable(table, parameter), set()).add((table, parameter.flag))
    assert [names for names in meant.values() if len(names) > 1] == []
    assert meant.keys() & {"SEQTERM_HOME", "SEQTERM_CONFIG", "SEQTERM_PROFILE", "SEQTERM_DATA"} == set()


def test_no_field_is_hidden_by_a_table():
    """A key of a shared table is a field or the name of a table in it."""
    for path in COMMANDS:
        if len(path) == 2:
            flags = {p.flag for other, c in COMMANDS.items() if other[0] == path[0] for p in parameters(c)}
            assert table_of(path)[1] not in flags


@pytest.mark.parametrize("path", [path for path in COMMANDS if COMMANDS[path].configurable], ids=" ".join)
def test_every_default_can_be_written_down_and_read(project, path):
    lines = [f"{p.flag} = {_toml(p.default)}" for p in parameters(COMMANDS[path]) if p.default not in (None, ())]
    project.write_text("\n".join((f"[{'.'.join(table_of(path))}]", *lines)))
    tomllib.loads(project.read_text())
    found = defaults(path)
    assert {name: default.value for name, default in found.items()} == {
        p.name: p.default for p in parameters(COMMANDS[path]) if p.default not in (None, ())
    }


def test_an_argument_can_be_in_a_file(project):
    with pytest.raises(UsageError, match="Missing argument RUN: `seqterm help sample` explains it"):
        configured(SAMPLE, {}, defaults(SAMPLE))
    project.write_text('[sample]\nrun = "one"\n')
    assert configured(SAMPLE, {}, defaults(SAMPLE)).run == "one"
    assert configured(SAMPLE, {"run": "two"}, defaults(SAMPLE)).run == "two"


# What is refused

WRONG = {
    "[train.lstm\nhidden = 3": "is no TOML: Expected ']' at the end of a table declaration (at line 1, column 12).",
    "hidden = 3": "hidden stands in no command's table: write it under [train], [sample], ...",
    "[trian]\nhidden = 3": "[trian] is no command: did you mean train?",
    "[lstm]\nhidden = 3": "[lstm] is no command: did you mean train lstm?",
    "[train.lstm.deep]\nhidden = 3": "[train.lstm.deep] is no command: did you mean train lstm?",
    "[paths]\nhome = 3": "[paths] has no setting home.",
    "[config.show]\norigins = true": "[config] is no command",
    "[train.lstm]\nhiden = 3": "[train.lstm] has no setting hiden: did you mean hidden?",
    "[train]\nhiden = 3": "[train] has no setting hiden: did you mean hidden?",
    "[train]\nrun = 'a'": "[train] has no setting run",
    "[train.ngram]\nhidden = 3": "[train.ngram] has no setting hidden",
    "[train.lstm]\nquiet = true": "[train.lstm] has no setting quiet.",
    "[train.lstm]\nhidden = 'many'": "[train.lstm] hidden must be int, not 'many'.",
    "[train.lstm]\nhidden = 1.5": "[train.lstm] hidden must be int, not 1.5.",
    "[train.lstm]\nhidden = [1]": "[train.lstm] hidden must be int, not [1].",
    "[train.lstm]\nhidden = true": "[train.lstm] hidden must be int, not True.",
    "[train.lstm]\nhidden = 0": "[train.lstm] hidden must be at least 1, not 0.",
    "[train]\nhidden = 0": "[train] hidden must be at least 1, not 0.",
    "[train.lstm]\ntokens = 'word-ish'": "[train.lstm] tokens must be one of char, byte, space, word, not 'word-ish'.",
    "[train.lstm]\nlr = nan": "[train.lstm] lr must be a finite number, not nan.",
    "[train.lstm]\nbias = 1": "[train.lstm] bias must be bool, not 1.",
    "[train.lstm]\nsample-prompt = true": "[train.lstm] sample-prompt must be str, not True.",
    "[train.lstm]\nsave-every = 'soon'": "[train.lstm] save-every: 'soon' is not a duration",
    "[train.lstm]\ncorpus = ['a', ['b']]": "[train.lstm] corpus must be str, not ['b'].",
    "[train.lstm]\nlr = 2020-01-01": "[train.lstm] lr must be float, not datetime.date(2020, 1, 1).",
    "profile = 'tiny'": "what is in [profile] must be tables",
    "[profile]\nhidden = 3": "what is in [profile] must be tables",
    "[profile.tiny]\nhidden = 3": "profile.tiny.hidden stands in no command's table",
    "[profile.tiny.train]\nhiden = 3": "[profile.tiny.train] has no setting hiden: did you mean hidden?",
    "a = " + "[" * 100_000: "is no TOML",
    "\ud8ff": "is no TOML: 'utf-8' codec can't decode",
}


@pytest.mark.parametrize("content", WRONG, ids=lambda text: text[:40])
@pytest.mark.parametrize("whose", ["project", "user"])
def test_a_file_that_makes_no_sense_is_refused_by_name_and_place(project, user, whose, content):
    path = project if whose == "project" else user
    path.write_bytes(content.encode("utf-8", "surrogatepass"))
    with pytest.raises(DataError) as error:
        defaults(SAMPLE)
    assert str(error.value).startswith(str(path))
    assert WRONG[content] in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_may_begin_with_a_byte_order_mark(project):
    project.write_bytes(b"\xef\xbb\xbf[train]\r\nhidden = 8\r\n")
    assert value(LSTM, "hidden") == 8


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("SEQTERM_TRAIN_HIDDEN", "many", "SEQTERM_TRAIN_HIDDEN must be a whole number, not 'many'."),
        ("SEQTERM_TRAIN_LSTM_HIDDEN", "0", "SEQTERM_TRAIN_LSTM_HIDDEN must be at least 1, not 0."),
        ("SEQTERM_TRAIN_BIAS", "perhaps", "SEQTERM_TRAIN_BIAS must be true or false, not 'perhaps'."),
        ("SEQTERM_TRAIN_TIME_LIMIT", "soon", "SEQTERM_TRAIN_TIME_LIMIT: 'soon' is not a duration"),
        ("SEQTERM_TRAIN_TOKENS", "chars", "SEQTERM_TRAIN_TOKENS must be one of"),
    ],
)
def test_a_variable_that_makes_no_sense_is_refused_by_name(monkeypatch, name, text, says):
    monkeypatch.setenv(name, text)
    with pytest.raises(UsageError) as error:
        defaults(LSTM)
    assert says in str(error.value)


# What a person set, and what a file says


def test_what_files_say_is_not_given_but_is_in_the_words(project):
    project.write_text("[train.lstm]\nhidden = 7\nlayers = 1\nbias = false\n")
    command = configured(LSTM, {"corpus": ("tales",)}, defaults(LSTM))
    assert command.given == {"corpus"}
    assert words(command) == ["train", "lstm", "tales", "--hidden", "7", "--no-bias"]


def test_a_missing_profile_is_a_failure_of_its_own_kind():
    with pytest.raises(SeqtermError, match="There is no profile 'nosuch'\\."):
        defaults(LSTM, "nosuch")
