"""Word vectors as a person trains and asks them: in pipes, from files, stopped and gone on with."""

import json
import re
import shlex
import signal
import subprocess

import numpy as np
import pytest

from seqterm.store.vectors import Vectors, read_vectors, write_vectors
from tests.cli.program import PROGRAM, json_events, last_checkpoint, rest_of_screen, spawn, stderr_lines
from tests.conftest import TEXT

FAILURE, USAGE, DATA, DIVERGED = 1, 2, 3, 4
SMALL = ("--dim", "12", "--epochs", "3", "--threads", "1")
ROYALS = {
    "man": [-1, 0.01, 0.03, 0.09],
    "woman": [1, 0.02, 0.02, 0.01],
    "king": [-0.95, 0.93, 0.70, 0.02],
    "queen": [0.97, 0.95, 0.69, 0.01],
    "apple": [0, -0.01, 0.03, 0.95],
    "orange": [0.01, 0, -0.02, 0.97],
}
QUESTIONS = ": family\nman woman king queen\nking queen man woman\nman woman prince princess\n"
PAIRS = "king\tqueen\t8\nman\twoman\t2\nking\tprince\t1\napple\torange\t9\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """royals.txt, questions.txt, pairs.tsv; the runs `tales` of word vectors and `letters`, a network of one-hot characters."""
    path = tmp_path_factory.mktemp("vectors")
    write_vectors(path / "royals.txt", Vectors(list(ROYALS), np.array(list(ROYALS.values()))), "word2vec")
    (path / "questions.txt").write_text(QUESTIONS)
    (path / "pairs.tsv").write_text(PAIRS)
    (path / "corpus.txt").write_text(TEXT)
    (path / "runs").mkdir()
    return path


@pytest.fixture(scope="module")
def trained_here(folder):
    """What trainings on bundled corpora write: {"plain": done, "jsonl": done}; their runs are runs/plain and runs/jsonl."""
    train = [*PROGRAM, "train", "word2vec", "tales", "verse", *SMALL, "-o"]
    words = {"plain": [*train, "runs/plain"], "jsonl": [*train, "runs/jsonl", "--jsonl"]}
    return {name: subprocess.run(line, cwd=folder, capture_output=True, check=True) for name, line in words.items()}


@pytest.fixture
def ask(seqterm, folder):
    """ask("similar", ...) in the folder -> what it prints, without a note."""

    def call(*words, **details):
        done = seqterm(*words, cwd=folder, **details)
        assert (done.returncode, done.stderr) == (0, b"")
        return done.stdout.decode()

    return call


# Training


def test_training_prints_the_name_of_the_run_alone(trained_here):
    assert trained_here["plain"].stdout == b"runs/plain\n"


def test_progress_goes_to_standard_error_in_plain_lines(trained_here):
    notes = trained_here["plain"].stderr
    assert b"\x1b" not in notes
    first, second, *_, last = stderr_lines(trained_here["plain"])
    assert re.fullmatch(r"[\d,]+ of [\d,]+ words are too rare and left out \(--min-count 5\)\.", first)
    assert second.startswith("runs/plain: word2vec, ")
    assert re.match(r"Complete after 3 steps in \d+\.\d s: training \d+\.\d{4}\.$", last)
    assert len(re.findall(r"^epoch \d  step \d  training \d+\.\d+$", notes.decode(), re.MULTILINE)) == 3
    for absent in (b"gradient", b"validation", b"None", b"nan"):
        assert absent not in notes


def test_jsonl_gives_the_events(trained_here, folder):
    events = json_events(trained_here["jsonl"].stdout)
    kinds = [event["event"] for event in events]
    assert kinds == ["started", "saved", *["step", "validation", "saved"] * 3, "finished"]
    assert (events[0]["model"], events[0]["unit"]) == ("word2vec", "nats an example")
    kept = json_events((folder / "runs" / "jsonl" / "events.jsonl").read_bytes())
    assert [{key: value for key, value in event.items() if key != "time"} for event in kept] == events


def test_the_same_seed_and_thread_make_the_same_vectors(trained_here, folder):
    one, other = (last_checkpoint(folder / "runs" / name) for name in ("plain", "jsonl"))
    for name, tensor in one.items():
        np.testing.assert_array_equal(tensor, other[name])


def test_a_corpus_from_standard_input_is_quietly_learned_by_two_threads_in_step(seqterm, home):
    words = ("--min-count", "1", "--dim", "4", "--epochs", "1", "--deterministic", "--threads", "2", "--quiet", "-o", "piped")
    done = seqterm("train", "word2vec", "-", *words, input=TEXT.encode())
    assert (done.returncode, done.stdout, done.stderr) == (0, b"piped\n", b"")
    assert last_checkpoint(home / "runs" / "piped")["input_vectors"].shape == (18, 4)


def test_a_terminal_shows_the_curve_in_nats_an_example(folder):
    words = ["train", "word2vec", "corpus.txt", "--min-count", "1", "--dim", "4", "--threads", "1", "-o", "runs/seen"]
    screen, code = rest_of_screen(spawn([*PROGRAM, *words], cwd=folder))
    assert code == 0
    assert screen.endswith(b"runs/seen\n")
    for shown in ("nats an example", "5 of 5", "tokens/s"):
        assert shown in screen.decode()


def test_info_tells_of_what_losses_are_means(ask, trained_here):
    shown = ask("info", "runs/plain")
    assert "word2vec, " in shown
    assert re.search(r"input_vectors +\d+ x 12\n", shown)
    assert "losses (nats an example)" in shown


# Questions


def test_neighbours_are_a_table_of_score_word_and_query(ask):
    heading, *rows = ask("similar", "royals.txt", "king", "apple", "--top", "2").splitlines()
    assert heading.split() == ["score", "word", "near"]
    assert [row.split()[1:] for row in rows] == [["man", "king"], ["queen", "king"], ["orange", "apple"], ["man", "apple"]]
    assert [row.split()[0] for row in rows][2] == "0.9985"


def test_a_sum_of_words(ask):
    (row,) = ask("similar", "royals.txt", *("king", "-", "man", "+", "woman"), "--top", "1", "--quiet").splitlines()
    assert row.split(maxsplit=2) == ["0.9340", "queen", "king - man + woman"]


def test_neighbours_of_a_run_as_objects(ask, trained_here):
    events = json_events(ask("similar", "runs/plain", "the", "--jsonl").encode())
    assert [(event["event"], event["query"]) for event in events] == [("neighbour", "the")] * 10
    scores = [event["score"] for event in events]
    assert scores == sorted(scores, reverse=True)


def test_words_come_from_standard_input(ask):
    printed = ask("similar", "royals.txt", "--top", "1", "--quiet", "--metric", "euclid", input=b"apple\n\nking - man + woman\n")
    assert [row.split()[1] for row in printed.splitlines()] == ["orange", "queen"]


def test_a_network_with_an_embedding_is_asked_too(seqterm, trained):
    done = seqterm("similar", trained, "e", "--top", "3", "--jsonl")
    assert done.returncode == 0
    assert len({event["word"] for event in json_events(done.stdout)} - {"e"}) == 3


def test_an_analogy_is_a_table(ask):
    heading, row = ask("analogy", "royals.txt", "man", "woman", "king").splitlines()
    assert heading.split() == ["score", "answer", "to"]
    assert row.split(maxsplit=2) == ["0.9340", "queen", "man : woman :: king : ?"]


def test_analogies_come_from_standard_input(ask):
    events = json_events(ask("analogy", "royals.txt", "--jsonl", input=b"man woman king\nking queen man\n").encode())
    assert [(event["question"], event["word"]) for event in events] == [
        (["man", "woman", "king"], "queen"),
        (["king", "queen", "man"], "woman"),
    ]


def test_the_odd_one_out_stands_first(ask):
    assert ask("odd-one-out", "royals.txt", "man", "king", "apple").split() == [
        *("apple", "(man", "0.818", "king", "0.786", "apple", "0.523)")
    ]


def test_evaluation_is_two_tables(ask):
    printed = ask("vectors", "eval", "royals.txt", "--questions", "questions.txt", "--pairs", "pairs.tsv")
    heading, family, total, parts, pairs_heading, pairs = printed.splitlines()
    assert heading.split() == ["section", "right", "of", "accuracy", "left", "out"]
    assert family.split() == ["family", "2", "2", "100.0", "%", "1"]
    assert total.split() == ["all", "2", "2", "100.0", "%", "1"]
    assert parts == "semantic 100.0 %, syntactic -"
    assert pairs_heading.split() == ["pairs", "Spearman", "of", "left", "out"]
    assert pairs.split() == ["pairs.tsv", "1.0000", "3", "25.0", "%"]


def test_evaluation_is_one_object(ask):
    found = json.loads(ask("vectors", "eval", "royals.txt", "--questions", "questions.txt", "--pairs", "pairs.tsv", "--json"))
    counts = {"correct": 2, "total": 2, "left_out": 1, "analogy_accuracy": 1.0}
    assert found == {
        **counts,
        "semantic": 1.0,
        "syntactic": None,
        "sections": [{"section": "family", **counts}],
        "pairs": [{"file": "pairs.tsv", "spearman": pytest.approx(1.0), "total": 3, "out_of_vocabulary": 0.25}],
    }


def test_a_map_is_a_page_of_plain_text(seqterm, folder):
    done = seqterm(
        "vectors", "map", "royals.txt", "man:woman", "king:queen", "apple", cwd=folder, env={"COLUMNS": "60", "LINES": "24"}
    )
    assert done.returncode == 0
    rows = done.stdout.decode().splitlines()
    assert len(rows) == 20
    assert max(map(len, rows)) <= 60
    for word in ("man", "woman", "king", "queen", "apple"):
        assert re.search(rf"\b{word}\b", done.stdout.decode())
    assert done.stdout.decode().count("•") == 5
    assert b"\x1b" not in done.stdout
    assert re.fullmatch(r"The plane shows \d+% and \d+% of the variance\.", stderr_lines(done)[0])


def test_what_is_exported_answers_as_the_run_does(ask, trained_here, folder):
    """Binary, if no other format is asked for."""
    wanted = last_checkpoint(folder / "runs" / "plain")["input_vectors"]
    for form, words in (("word2vec-binary", ()), ("glove", ("--format", "glove"))):
        assert ask("vectors", "export", "runs/plain", form, *words) == "runs/plain\n"
        np.testing.assert_array_equal(read_vectors(folder / form, form)[0].matrix, wanted)
    asked = ("the", "and", "--top", "4")
    assert ask("similar", "glove", *asked) == ask("similar", "runs/plain", *asked)


# Pipes


@pytest.mark.parametrize(("question", "line"), [("similar", "king"), ("analogy", "man woman king")])
def test_a_reader_that_goes_away_ends_endless_questions_quietly(folder, question, line):
    """As in `yes king | seqterm similar FILE | head -n 3`."""
    command = shlex.join([*PROGRAM, question, "royals.txt"])
    script = f"yes {shlex.quote(line)} | {command} | head -n 3; echo ${{PIPESTATUS[1]}}"
    done = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, timeout=60, check=True)
    *rows, code = done.stdout.decode().splitlines()
    assert (len(rows), code, done.stderr) == (3, "0", b"")


# What goes wrong

# words, exit code, what the sentence says
CASES = {
    "misspelt word": (["similar", "royals.txt", "quene"], DATA, "'quene' is not in the vocabulary; close spellings: queen."),
    "no run and no file": (["similar", "nowhere.txt", "king"], DATA, "neither a run nor a file of vectors at nowhere.txt"),
    "two words": (["analogy", "royals.txt", "man", "woman"], USAGE, "A question has three words"),
    "no words to draw": (["vectors", "map", "royals.txt"], USAGE, "Name the words to draw"),
    "no folder to export to": (["vectors", "export", "royals.txt", "nowhere/file"], FAILURE, "nowhere/file"),
    "sampling from vectors": (["sample", "runs/plain"], USAGE, "runs/plain holds word vectors, not a language model"),
    "one-hot letters": (["similar", "letters", "e"], DATA, "letters has no vectors of words"),
    "no corpus": (["train", "word2vec"], USAGE, "Name the text to train on"),
    "no frequent word": (["train", "word2vec", "corpus.txt", "--min-count", "41"], DATA, "occurs 40 times; lower --min-count"),
    "complete": (["train", "--resume", "runs/plain"], USAGE, "runs/plain is complete after 3 epochs"),
    "diverged": (["train", "word2vec", "corpus.txt", "--lr", "1e30", "-q", "-o", "runs/wild"], DIVERGED, "a lower --lr"),
}


@pytest.fixture(scope="module")
def letters(folder):
    words = ("--input", "onehot", "--hidden", "4", "--batch", "4", "--steps", "16", "--epochs", "1", "--sample-length", "0")
    command = [*PROGRAM, "train", "elman", "corpus.txt", *words, "--threads", "1", "-q", "-o", f"{folder}/letters"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


@pytest.mark.usefixtures("letters", "trained_here")
@pytest.mark.parametrize("case", CASES)
def test_an_error_is_one_sentence_with_its_exit_code(seqterm, folder, case):
    words, code, says = CASES[case]
    done = seqterm(*words, cwd=folder)
    assert (done.returncode, done.stdout) == (code, b"")
    (line,) = stderr_lines(done)
    assert line.startswith("seqterm: ")
    assert says in line


def test_what_was_answered_before_an_error_is_printed(seqterm, folder):
    done = seqterm("similar", "royals.txt", "--top", "1", "--quiet", cwd=folder, input=b"king\nkng\nman\n")
    assert done.returncode == DATA
    assert [row.split()[1] for row in done.stdout.decode().splitlines()] == ["man"]
    assert stderr_lines(done) == ["seqterm: 'kng' is not in the vocabulary; close spellings: king."]


# Stopping


def test_ctrl_c_and_the_line_to_go_on_complete_the_run_bit_for_bit(start, seqterm, tmp_path, home):
    words = ("--min-count", "1", "--dim", "8", "--epochs", "80", "--threads", "1")
    process = start("train", "word2vec", "tales", *words, "-o", "broken")
    next(line for line in process.stderr if line.startswith("epoch 1 "))
    process.send_signal(signal.SIGINT)
    output, notes = process.communicate(timeout=60)
    assert (process.returncode, output) == (130, "broken\n")
    stopped = re.search(r"Stopped at step (\d+) \(interrupted\)\. Go on with: seqterm train --resume broken\n", notes)
    assert 0 < int(stopped[1]) < 80
    done = seqterm("train", "--resume", "broken")
    assert (done.returncode, done.stdout) == (0, b"broken\n")
    assert f", from step {stopped[1]}" in stderr_lines(done)[0]
    whole = seqterm("train", "word2vec", "tales", *words, "-q", "-o", "whole")
    assert whole.returncode == 0
    one, other = (last_checkpoint(home / "runs" / name) for name in ("broken", "whole"))
    for name, tensor in one.items():
        np.testing.assert_array_equal(tensor, other[name], err_msg=name)


def test_a_time_limit_stops_with_0_and_a_line_to_go_on(seqterm, folder):
    words = ("--min-count", "1", "--dim", "4", "--threads", "1", "--time-limit", "0.001s", "-o", "limited")
    done = seqterm("train", "word2vec", "corpus.txt", *words, cwd=folder)
    assert (done.returncode, done.stdout) == (0, b"limited\n")
    assert stderr_lines(done)[-1] == "Stopped at step 0 (time limit). Go on with: seqterm train --resume limited"
