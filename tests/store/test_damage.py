"""Runs that were cut off or tampered with: one clear error that names the file."""

import hashlib
import json
from contextlib import suppress

import numpy as np
import pytest
import safetensors.numpy

import seqterm
from seqterm.errors import DataError

CONFIG, VOCABULARY, STATE, WEIGHTS = "config.json", "vocabulary.json", "state.json", "checkpoints/*.safetensors"


def find(run, name):
    (path,) = run.glob(name)
    return path


def flip(data):
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


DAMAGES = {
    "empty": lambda data: b"",
    "cut off": lambda data: data[: len(data) // 2],
    "one byte short": lambda data: data.rstrip()[:-1],
    "one bit flipped": flip,
    "longer": lambda data: data + b" 1",
    "of zeros": lambda data: bytes(len(data)),
}


def commands(do, run):
    """Everything that reads a whole run."""
    return {
        "load": lambda: seqterm.load(str(run)),
        "sample": lambda: do("sample", run=str(run), length=1),
        "resume": lambda: do("train", "--resume", run=str(run), epochs=4),
    }


@pytest.fixture(params=["load", "sample", "resume"])
def use(request, do, tiny_run):
    return commands(do, tiny_run)[request.param]


def edit(path, change):
    """Change a JSON file."""
    values = json.loads(path.read_bytes())
    change(values)
    path.write_text(json.dumps(values))


def seal(run):
    """Make the checksums of state.json fit again, as one would who tampers with care."""

    def change(state):
        for name in state["checksums"]:
            path = run / name if name.endswith(".json") else run / "checkpoints" / name
            state["checksums"][name] = hashlib.sha256(path.read_bytes()).hexdigest()

    edit(run / STATE, change)


# Damaged


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
@pytest.mark.parametrize("name", [CONFIG, VOCABULARY, WEIGHTS])
def test_a_damaged_file_is_named(tiny_run, use, name, damage):
    path = find(tiny_run, name)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataError, match=f"{path} (is damaged|was changed or damaged)"):
        use()


@pytest.mark.parametrize("damage", [DAMAGES[name] for name in ("empty", "cut off", "one byte short", "longer", "of zeros")])
def test_a_damaged_state_is_named(tiny_run, use, damage):
    path = tiny_run / STATE
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataError, match=f"{path} is damaged"):
        use()


@pytest.mark.parametrize("name", [CONFIG, VOCABULARY, WEIGHTS])
def test_a_missing_file_is_named(tiny_run, use, name):
    path = find(tiny_run, name)
    path.unlink()
    with pytest.raises(DataError, match=str(tiny_run if name == CONFIG else path)):
        use()


def test_a_run_without_a_state_says_that_it_has_no_checkpoint(tiny_run, use):
    (tiny_run / STATE).unlink()
    with pytest.raises(DataError, match="tiny has no checkpoint yet"):
        use()


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: b"", lambda data: data + b"\0"])
def test_a_text_of_another_length_is_named(do, tiny_run, change):
    path = tiny_run / "tokens.bin"
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(DataError, match=f"{path} has .* bytes where .* tokens were written"):
        do("train", "--resume", run=str(tiny_run), epochs=4)


def test_ids_that_no_token_has_are_noticed(seqterm, tiny_run):
    path = tiny_run / "tokens.bin"
    path.write_bytes(b"\xff" * len(path.read_bytes()))
    result = seqterm("train", "--resume", tiny_run, "--epochs", "4", "--quiet")  # a process, as it could crash
    assert (result.returncode, b"tokens.bin" in result.stderr) == (3, True)


def test_damage_does_not_grow(do, tiny_run):
    path = find(tiny_run, WEIGHTS)
    path.write_bytes(flip(path.read_bytes()))
    before = {path: path.read_bytes() for path in tiny_run.rglob("*") if path.is_file()}
    with pytest.raises(DataError):
        do("train", "--resume", run=str(tiny_run), epochs=4)
    assert {path: path.read_bytes() for path in tiny_run.rglob("*") if path.is_file()} == before


# Tampered with


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("last", None),
        ("last", 5),
        ("last", "9.safetensors"),
        ("last", "../config.json"),
        ("best", 5),
        ("best", "9.safetensors"),
        ("checksums", None),
        ("checksums", []),
        ("checksums", {}),
        ("counters", None),
        ("counters", {}),
    ],
)
@pytest.mark.parametrize("ask", ["info", "sample", "resume"])
def test_a_state_that_was_tampered_with_is_a_data_error_or_of_no_matter(do, tiny_run, ask, name, value):
    edit(tiny_run / STATE, lambda state: state.update({name: value}))
    with suppress(DataError):  # any other error fails
        {"info": lambda: do("info", run=str(tiny_run)), **commands(do, tiny_run)}[ask]()


@pytest.mark.parametrize("name", ["last", "best", "complete", "counters", "checksums"])
@pytest.mark.parametrize("ask", ["info", "sample", "resume"])
def test_a_state_that_lacks_something_is_a_data_error_or_of_no_matter(do, tiny_run, ask, name):
    edit(tiny_run / STATE, lambda state: state.pop(name))
    with suppress(DataError):  # any other error fails
        {"info": lambda: do("info", run=str(tiny_run)), **commands(do, tiny_run)}[ask]()


@pytest.mark.parametrize("content", ["null", "[]", "5", "{}", '"text"'])
@pytest.mark.parametrize("name", [CONFIG, VOCABULARY, STATE])
def test_other_json_is_a_data_error(tiny_run, use, name, content):
    (tiny_run / name).write_text(content)
    with pytest.raises(DataError, match=f"{tiny_run / name} "):
        use()


@pytest.mark.parametrize(
    "change",
    [
        lambda config: config.pop("model"),
        lambda config: config.update(model="oracle"),
        lambda config: config.update(model=None),
        lambda config: config.pop("model_settings"),
        lambda config: config["model_settings"].update(hidden=0),
        lambda config: config["model_settings"].update(hidden="12"),
        lambda config: config["model_settings"].update(unheard_of=1),
        lambda config: config["model_settings"].update(layers=2),
        lambda config: config["model_settings"].update(precision="float64"),
        lambda config: config.pop("format_version"),
        lambda config: config.update(format_version="1"),
    ],
)
def test_settings_that_make_no_sense_are_a_data_error_though_the_checksum_fits(tiny_run, use, change):
    edit(tiny_run / CONFIG, change)
    seal(tiny_run)
    with pytest.raises(DataError, match=r"config\.json is damaged|checkpoint does not fit the model"):
        use()


@pytest.mark.parametrize("name", ["corpus", "training", "reports"])
def test_a_training_that_is_not_described_cannot_go_on(do, tiny_run, name):
    edit(tiny_run / CONFIG, lambda config: config.pop(name))
    seal(tiny_run)
    with pytest.raises(DataError, match=f"{tiny_run / CONFIG} is damaged"):
        do("train", "--resume", run=str(tiny_run), epochs=4)


@pytest.mark.parametrize(
    "data",
    [
        b"no weights",
        safetensors.numpy.save({"a": np.zeros(3)}, {"counters": '{"step": 28}'}),  # no tensor of the model
        safetensors.numpy.save({"a": np.zeros(3)}),  # no counters
    ],
    ids=["no format", "other tensors", "no counters"],
)
def test_other_weights_are_a_data_error_though_the_checksum_fits(tiny_run, use, data):
    find(tiny_run, WEIGHTS).write_bytes(data)
    seal(tiny_run)
    with pytest.raises(DataError, match=r"checkpoint does not fit the model|safetensors is damaged"):
        use()


def test_a_newer_format_asks_for_an_upgrade(tiny_run, use):
    edit(tiny_run / CONFIG, lambda config: config.update(format_version=99))
    with pytest.raises(DataError, match=r"tiny has format 99, of a newer seqterm; .* upgrade seqterm"):
        use()


def test_an_older_format_is_not_read_as_this_one(tiny_run, use):
    edit(tiny_run / CONFIG, lambda config: config.update(format_version=1))
    seal(tiny_run)
    with pytest.raises(DataError, match=r"tiny has format 1, of an older seqterm, .* train it again"):
        use()


def test_a_broken_run_does_not_hide_the_others(do, corpus, home):
    for name in ("good", "bad"):
        do("train", "elman", corpus=(str(corpus),), out=name, hidden=4, batch=4, steps=16, epochs=1, sample_length=0)
    (home / "runs" / "bad" / STATE).write_text('{"last": "1.safetensors", "checksums": {}}')
    listed = do("runs", "list")
    assert {getattr(event, "run", event.kind) for event in listed} == {"good", "note"}
    assert next(event.text for event in listed if event.kind == "note").startswith("bad: ")
