"""A run on disk: description, checkpoints, logs."""

import json

import numpy as np
import pytest

from seqterm.errors import DataError, SeqtermError, UsageError
from seqterm.events import Note
from seqterm.store.run_folder import RunFolder

DESCRIPTION = {"model": "lstm"}, {"kind": "char"}


def tensors(value):
    """Arrays of several shapes and types, all of one value."""
    return {"a": np.full((2, 3), value, np.float32), "b": np.full(5, value, np.int64), "c": np.full((), value, np.float64)}


@pytest.fixture
def folder(tmp_path):
    made = RunFolder.create(tmp_path / "run")
    made.write_description(*DESCRIPTION)
    return made


def save(folder, step, best=False, complete=False):
    return folder.save_checkpoint(step, tensors(step), {"step": step}, best, complete)


def checkpoints(folder):
    return sorted(path.name for path in (folder.path / "checkpoints").iterdir())


def again(folder):
    """The same folder as another process would see it."""
    return RunFolder(folder.path)


# Making


def test_a_new_folder_may_be_deep(tmp_path):
    assert RunFolder.create(tmp_path / "a" / "b").path.is_dir()


def test_a_folder_with_something_in_it_is_refused(folder, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").touch()
    for path, kind in ((folder.path, "a run already"), (tmp_path / "other", "a folder with files in it already")):
        with pytest.raises(UsageError, match=kind):
            RunFolder.create(path)


def test_a_folder_below_a_file_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SeqtermError, match=r"Cannot make the folder .*file/run: .*; name another with -o"):
        RunFolder.create(tmp_path / "file" / "run")


# Description


def test_the_description_comes_back_once_there_is_a_checkpoint(folder):
    save(folder, 0)
    config, vocabulary = again(folder).read_description()
    assert config == {"format_version": 2, **DESCRIPTION[0]}
    assert vocabulary == DESCRIPTION[1]


def test_without_a_checkpoint_there_is_nothing_to_use(folder):
    with pytest.raises(DataError, match="no checkpoint yet"):
        folder.read_description()


def test_a_description_of_a_newer_format_asks_for_an_upgrade(folder):
    save(folder, 0)
    config = {"format_version": 3, "novelty": True}
    (folder.path / "config.json").write_text(json.dumps(config))
    with pytest.raises(DataError, match="format 3, of a newer seqterm; this one reads up to 2: upgrade seqterm"):
        folder.read_description()


# Checkpoints


def test_a_checkpoint_comes_back_with_its_shapes_types_and_counters(folder):
    save(folder, 7)
    found, counters = again(folder).load_checkpoint("last")
    assert counters == {"step": 7}
    assert set(found) == set(tensors(7))
    for name, array in tensors(7).items():
        np.testing.assert_array_equal(found[name], array, strict=True)


def test_counters_keep_every_bit_of_a_number(folder):
    counters = {"loss": 0.1 + 0.2, "small": 5e-324, "big": 2**62, "none": None, "sizes": {"events.jsonl": 3}}
    folder.save_checkpoint(1, tensors(1), counters, best=False, complete=False)
    assert folder.load_checkpoint("last")[1] == counters


def test_arrays_of_any_layout_are_stored_as_they_look(folder):
    array = np.arange(12.0).reshape(3, 4).T[::2]
    folder.save_checkpoint(1, {"a": array}, {}, best=False, complete=False)
    np.testing.assert_array_equal(folder.load_checkpoint("last")[0]["a"], array)


def test_only_the_last_and_the_best_checkpoint_are_kept(folder):
    seen = []
    for step, best in ((1, False), (2, True), (3, False), (4, False), (5, True), (6, False)):
        save(folder, step, best)
        seen.append([int(name.split(".")[0]) for name in checkpoints(folder)])
    assert seen == [[1], [2], [2, 3], [2, 4], [5], [5, 6]]


def test_earlier_checkpoints_are_kept_where_that_is_asked_for(folder):
    folder.keep = 2
    seen = []
    for step, best in ((1, False), (2, True), (3, False), (4, False), (5, False), (5, True), (6, False)):
        save(folder, step, best)
        seen.append(list(folder.checkpoints()))
    assert seen == [[1], [1, 2], [1, 2, 3], [2, 3, 4], [2, 3, 4, 5], [3, 4, 5], [4, 5, 6]]
    assert checkpoints(folder) == ["4.safetensors", "5.safetensors", "6.safetensors"]
    assert [again(folder).load_checkpoint(name)[1]["step"] for name in folder.checkpoints().values()] == [4, 5, 6]
    assert set(folder.check_files()) == {"vocabulary.json", "config.json", *checkpoints(folder)}


def test_a_kept_checkpoint_that_was_damaged_is_named(folder):
    folder.keep = 1
    save(folder, 1)
    save(folder, 2)
    (folder.path / "checkpoints" / "1.safetensors").write_bytes(b"x")
    with pytest.raises(DataError, match=r"1\.safetensors was changed or damaged"):
        folder.load_checkpoint("1.safetensors")


def test_the_best_checkpoint_is_loaded_as_such(folder):
    save(folder, 1, best=True)
    save(folder, 2)
    assert again(folder).load_checkpoint("best")[1] == {"step": 1}
    assert again(folder).load_checkpoint("last")[1] == {"step": 2}


def test_the_last_checkpoint_is_the_best_where_nothing_was_validated(folder):
    save(folder, 3)
    assert folder.load_checkpoint("best")[1] == {"step": 3}


def test_a_checkpoint_that_counts_is_never_written_again(folder):
    save(folder, 3, best=True)
    before = (folder.path / "checkpoints" / "3.safetensors").stat()
    save(folder, 3)
    after = (folder.path / "checkpoints" / "3.safetensors").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert folder.load_checkpoint("best")[1]["step"] == 3


def test_half_written_files_of_a_crash_are_cleared_away_by_the_next_save(folder):
    (folder.path / "checkpoints" / ".9.safetensors.abc").write_bytes(b"half")
    (folder.path / "checkpoints" / "9.safetensors").write_bytes(b"written, never named")
    save(folder, 3)
    assert checkpoints(folder) == ["3.safetensors"]


def test_a_crash_before_the_state_is_replaced_leaves_the_last_checkpoint(folder):
    save(folder, 3)
    (folder.path / "checkpoints" / "4.safetensors").write_bytes(b"written, never named")
    assert again(folder).load_checkpoint("last")[1] == {"step": 3}


@pytest.mark.parametrize("complete", [True, False])
def test_the_state_says_whether_training_is_complete(folder, complete):
    save(folder, 3, complete=complete)
    assert again(folder).read_state()["complete"] is complete


# Logs


def test_events_are_lines_with_their_time(folder):
    folder.append(folder.events_path, Note("a\nb"), 1.23456)
    folder.append(folder.events_path, Note("é"), 2.0)
    lines = [json.loads(line) for line in folder.events_path.read_text("utf-8").splitlines()]
    assert lines == [{"event": "note", "text": "a\nb", "time": 1.235}, {"event": "note", "text": "é", "time": 2.0}]
    assert folder.events() == lines


def test_logs_are_cut_to_what_a_checkpoint_knew(folder):
    folder.append(folder.events_path, Note("kept"), 1.0)
    sizes = folder.log_sizes()
    folder.append(folder.events_path, Note("dropped"), 2.0)
    folder.append(folder.samples_path, Note("dropped"), 2.0)
    with folder.events_path.open("ab") as file:
        file.write(b'{"torn')
    folder.cut_logs(sizes)
    assert [event["text"] for event in folder.events()] == ["kept"]
    assert folder.samples_path.read_bytes() == b""


def test_a_stop_can_be_asked_for_and_taken_back(folder):
    assert not folder.stop_requested()
    again(folder).request_stop()
    assert folder.stop_requested()
    folder.clear_stop()
    folder.clear_stop()
    assert not again(folder).stop_requested()


def test_a_removed_folder_is_gone(folder):
    folder.remove()
    assert not folder.path.exists()


@pytest.mark.parametrize("gone", [False, True])
def test_a_look_at_the_lock_makes_nothing(folder, gone):
    if gone:
        folder.remove()
    before = sorted(folder.path.parent.rglob("*"))
    assert not folder.is_locked()
    assert sorted(folder.path.parent.rglob("*")) == before


def test_a_lock_is_seen_while_others_look(folder):
    folder.lock()
    assert all(RunFolder(folder.path).is_locked() for _ in range(3))
    folder.unlock()
    assert not folder.is_locked()
