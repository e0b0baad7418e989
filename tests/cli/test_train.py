"""Training in pipes: what it writes where, what it takes as text, what it leaves behind."""

import subprocess

import pytest

from tests.cli.program import PROGRAM, SMALL, json_events, stderr_lines
from tests.conftest import TEXT


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """What a short training writes, as plain lines and with --jsonl; the folder of the latter."""
    folder = tmp_path_factory.mktemp("outputs")
    (folder / "corpus.txt").write_text(TEXT)
    words = [*PROGRAM, "train", "gru", "corpus.txt", *SMALL, "--epochs", "2", "-o"]
    plain = subprocess.run([*words, "runs/plain"], cwd=folder, capture_output=True, check=True)
    jsonl = subprocess.run([*words, "runs/jsonl", "--jsonl"], cwd=folder, capture_output=True, check=True)
    return plain, jsonl, folder / "runs" / "jsonl"


@pytest.fixture(scope="module")
def plain(outputs):
    return outputs[0]


def test_standard_output_is_the_name_of_the_run_alone(plain):
    assert plain.stdout == b"runs/plain\n"


@pytest.mark.parametrize("shown", ["gru, ", "loss ", "tokens/s", "gradient ", "validation ", "  | ", "Complete after 28 steps"])
def test_progress_goes_to_standard_error(plain, shown):
    assert shown in plain.stderr.decode()


def test_off_a_terminal_progress_is_plain_lines(plain):
    assert b"\x1b" not in plain.stderr
    assert b"\r" not in plain.stderr


def test_quiet_leaves_the_name_alone(seqterm, corpus):
    done = seqterm("train", "lstm", corpus, *SMALL, "--epochs", "1", "--quiet", "-o", "here")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"here\n", b"")


def test_without_a_name_one_is_made_up_that_works(seqterm, corpus, home):
    done = seqterm("train", "elman", corpus, *SMALL, "--epochs", "1")
    name = done.stdout.decode().strip()
    assert stderr_lines(done)[0].startswith(f"{name}: ")
    assert [path.name for path in (home / "runs").iterdir()] == [name]
    assert seqterm("sample", name, "--length", "5").returncode == 0


# --jsonl


@pytest.fixture(scope="module")
def events(outputs):
    return json_events(outputs[1].stdout)


def test_jsonl_says_nothing_else(outputs):
    assert outputs[1].stderr == b""


def test_jsonl_gives_objects_that_name_their_event(events):
    assert {event["event"] for event in events} == {"started", "step", "validation", "training_sample", "saved", "finished"}
    assert (events[0]["event"], events[-1]["event"]) == ("started", "finished")


def test_jsonl_validations_carry_their_loss(events):
    losses = [event["validation_loss"] for event in events if event["event"] == "validation"]
    assert len(losses) == 2
    assert all(isinstance(loss, float) and loss > 0.0 for loss in losses)


def test_jsonl_is_what_the_run_folder_keeps(events, outputs):
    kept = json_events((outputs[2] / "events.jsonl").read_bytes())
    for event in kept:
        assert event.pop("time") >= 0.0
    assert kept == [event for event in events if event["event"] != "training_sample"]


# What is read


def test_several_files_are_read_one_after_the_other(seqterm, corpus):
    done = seqterm("train", "lstm", corpus, corpus, *SMALL, "--epochs", "1", "--validation", "0", "--jsonl")
    assert json_events(done.stdout)[0]["training_tokens"] == 2 * len(TEXT)


def test_a_bundled_corpus_is_found_by_its_name(seqterm, tmp_path):
    done = seqterm("train", "lstm", "verse", *SMALL, "--time-limit", "0.001s", "--jsonl", cwd=tmp_path)
    assert done.returncode == 0
    assert json_events(done.stdout)[0]["training_tokens"] > 10_000


def test_a_file_can_be_the_validation_text(seqterm, corpus, tmp_path):
    held_out = tmp_path / "held-out.txt"
    held_out.write_text("the red hen.\n")
    done = seqterm("train", "lstm", corpus, *SMALL, "--epochs", "1", "--validation", held_out, "--jsonl")
    started = json_events(done.stdout)[0]
    assert (started["training_tokens"], started["validation_tokens"]) == (len(TEXT), len("the red hen.\n"))


def test_validation_0_holds_nothing_out(seqterm, corpus):
    done = seqterm("train", "lstm", corpus, *SMALL, "--epochs", "1", "--validation", "0", "--jsonl")
    events = json_events(done.stdout)
    assert events[0]["validation_tokens"] == 0
    assert [event["validation_loss"] for event in events if event["event"] == "validation"] == [None]


def losses(events):
    return [event["loss"] for event in events if event["event"] == "step"]


def test_a_corpus_from_standard_input_is_the_same_as_from_a_file(seqterm, events):
    done = seqterm("train", "gru", "-", *SMALL, "--epochs", "2", "--jsonl", input=TEXT.encode())
    assert losses(json_events(done.stdout)) == losses(events)


def test_training_on_standard_input_goes_on_without_it(seqterm):
    seqterm("train", "lstm", "-", *SMALL, "--epochs", "1", "-o", "piped", input=TEXT.encode())
    done = seqterm("train", "--resume", "piped", "--epochs", "2")
    assert done.returncode == 0
    assert "Complete after 28 steps" in stderr_lines(done)[-1]


def test_bytes_need_not_be_utf_8(seqterm, tmp_path):
    path = tmp_path / "latin.txt"
    path.write_bytes(TEXT.replace("hen", "hén").encode("latin-1"))
    done = seqterm("train", "lstm", path, *SMALL, "--epochs", "1", "--tokens", "byte", "-o", "bytes")
    assert done.returncode == 0
    assert seqterm("sample", "bytes", "--length", "20").returncode == 0


def test_words_between_spaces_can_be_tokens(seqterm, corpus):
    seqterm("train", "lstm", corpus, *SMALL, "--steps", "4", "--epochs", "1", "--tokens", "space", "-o", "words")
    drawn = seqterm("sample", "words", "--length", "40", "--seed", "1").stdout.decode()
    assert set(drawn.split()) <= set(TEXT.split())


def test_a_run_can_start_from_another(seqterm, corpus, trained, events):
    done = seqterm("train", "lstm", corpus, "--from", trained, *SMALL[4:], "--epochs", "1", "--jsonl")
    assert losses(json_events(done.stdout))[0] < 0.5 * losses(events)[0]
