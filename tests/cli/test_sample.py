"""Drawing text in pipes: prompt, continuation, and nothing else."""

import subprocess

import pytest

from tests.cli.program import json_events, stderr_lines

SEEDED = ("--seed", "7", "--length", "60", "--prompt", "the red")  # of options that are given twice the last counts


@pytest.fixture(scope="module")
def drawn():
    """What was drawn before, by the words that asked for it: the same words with a seed need no second process."""
    return {}


@pytest.fixture
def draw(seqterm, trained, drawn):
    """draw("--seed", "1") -> what `seqterm sample` prints, which succeeds and has nothing to note."""

    def call(*words, **details):
        key = (words, *details.values())
        if key not in drawn:
            done = seqterm("sample", trained, *words, **details)
            assert (done.returncode, done.stderr) == (0, b"")
            drawn[key] = done.stdout.decode()
        return drawn[key]

    return call


def test_prints_the_prompt_and_its_continuation(draw):
    continuation = draw(*SEEDED, "--no-echo")
    assert draw(*SEEDED) == "the red" + continuation
    assert len(continuation.removesuffix("\n")) in (59, 60)  # a line end is added where the text has none


def test_a_prompt_can_come_from_a_file(draw, tmp_path):
    (tmp_path / "prompt.txt").write_text("the red")
    assert draw(*SEEDED[:-2], "--prompt-file", tmp_path / "prompt.txt") == draw(*SEEDED)


def test_a_prompt_can_come_from_standard_input(draw):
    assert draw("-", *SEEDED[:-2], input=b"the red") == draw(*SEEDED)


def test_samples_are_separated_by_a_line(draw):
    parts = draw(*SEEDED, "-n", "3").split("---\n")
    assert len(parts) == 3
    assert all(part.startswith("the red") and part.endswith("\n") for part in parts)
    assert len(set(parts)) == 3


def test_no_echo_holds_for_every_sample(draw):
    silent, echoed = draw(*SEEDED, "-n", "3", "--no-echo"), draw(*SEEDED, "-n", "3")
    assert echoed.split("---\n") == ["the red" + part for part in silent.split("---\n")]


def test_the_first_of_ten_samples_is_the_single_one(draw):
    assert draw(*SEEDED, "-n", "10").split("---\n")[0] == draw(*SEEDED)


def test_same_seed_same_text(draw, seqterm, trained):
    assert seqterm("sample", trained, *SEEDED).stdout.decode() == draw(*SEEDED)


def test_another_seed_another_text(draw):
    assert draw(*SEEDED, "--seed", "8") != draw(*SEEDED)


def test_without_a_seed_another_text_each_time(seqterm, trained):
    words = ("sample", trained, "--length", "200", "--temperature", "2")
    assert seqterm(*words).stdout != seqterm(*words).stdout


def test_jsonl_gives_an_object_a_sample(draw):
    texts = draw(*SEEDED, "-n", "3", "--no-echo").split("---\n")
    events = json_events(draw(*SEEDED, "-n", "3", "--jsonl").encode())
    assert [event["text"].removesuffix("\n") for event in events] == [text.removesuffix("\n") for text in texts]
    for number, event in enumerate(events):
        assert (event["event"], event["sample"], event["prompt"]) == ("sampled", number, "the red")
        assert (event["tokens"], event["stopped_by"]) == (60, "length")
        assert event["log_probability"] < 0.0


def test_until_line_stops_at_the_end_of_a_line(draw):
    text = draw("--seed", "1", "--length", "2000", "--until", "line", "--prompt", "the ")
    assert text.index("\n") == len(text) - 1


def test_until_a_text_stops_right_behind_it(draw):
    text = draw("--seed", "1", "--length", "2000", "--until", "egg", "--prompt", "the ")
    assert text.index("egg") == len(text) - len("egg\n")


def test_length_counts_tokens(draw):
    assert draw(*SEEDED, "--no-echo", "--length", "7") == draw(*SEEDED, "--no-echo")[:7] + "\n"


def test_length_0_is_the_prompt_alone(draw):
    assert draw(*SEEDED, "--length", "0") == "the red\n"


def test_tokens_never_seen_are_noted_and_left_out(seqterm, draw, trained):
    done = seqterm("sample", trained, *SEEDED[:-1], "thÉ→e red")
    assert done.returncode == 0
    assert stderr_lines(done) == ["The model has never seen 'É', '→': left out of what it continues."]
    assert done.stdout.decode() == "thÉ→e red" + draw(*SEEDED, "--no-echo")


# Strategies


@pytest.mark.parametrize(
    "words",
    [
        ("--strategy", "top-k", "--top-k", "1", "--top-k-draw", "uniform"),
        ("--strategy", "top-p", "--top-p", "1e-9"),
        ("--strategy", "min-p", "--min-p", "1"),
        ("--strategy", "multinomial", "--temperature", "1e-4"),
    ],
    ids=" ".join,
)
def test_a_draw_that_leaves_one_token_takes_the_most_probable(draw, words):
    assert draw(*SEEDED, *words) == draw(*SEEDED, "--strategy", "argmax")


def test_a_uniform_draw_is_not_the_weighted_one(draw):
    words = (*SEEDED, "--strategy", "top-k", "--top-k", "5")
    assert draw(*words, "--top-k-draw", "uniform") != draw(*words, "--top-k-draw", "weighted")


def test_a_heavy_repetition_penalty_repeats_nothing_while_something_is_new(draw):
    text = draw("--strategy", "argmax", "--repetition-penalty", "1e9", "--length", "20")[:20]
    assert len(set(text)) == 20


# Choices


def test_choices_are_a_line_a_token(draw):
    first, *lines = draw(*SEEDED, "--length", "8", "--choices", "4", "--top-k", "2").splitlines()
    assert first == "the red"
    assert len(lines) == 8
    for line in lines:
        assert line.count("(") == 2
        assert " bits     2 kept 0." in line


def test_choices_of_several_samples_are_separated_by_a_line(draw):
    parts = draw(*SEEDED, "--length", "3", "--choices", "1", "-n", "2").split("---\n")
    assert [len(part.splitlines()) for part in parts] == [4, 4]
    assert all(part.startswith("the red\n") for part in parts)


def test_choices_without_the_prompt_are_the_lines_alone(draw):
    words = (*SEEDED, "--length", "3", "--choices", "1")
    assert draw(*words) == "the red\n" + draw(*words, "--no-echo")


def test_choices_as_objects_make_up_the_sample(draw):
    *choices, sample = json_events(draw(*SEEDED, "--length", "8", "--choices", "4", "--jsonl").encode())
    assert [event["event"] for event in (*choices, sample)] == ["choice"] * 8 + ["sampled"]
    assert "".join(event["text"] for event in choices) == sample["text"]
    assert all(len(event["candidates"]) == 4 for event in choices)


# Pipes


@pytest.mark.parametrize(("length", "samples"), [(200, 3), (10**9, 1)])
def test_a_reader_that_goes_away_ends_it_quietly(start, trained, length, samples):
    process = start("sample", trained, "--length", str(length), "-n", samples, "--prompt", "the ", text=False, bufsize=0)
    assert process.stdout.read(4) == b"the "
    process.stdout.close()
    assert process.wait(timeout=60) == 0
    assert process.stderr.read() == b""


def test_a_reader_of_events_that_goes_away_ends_training_quietly(start, tmp_path):
    (tmp_path / "corpus.txt").write_text("abc def. " * 300)
    words = ("--epochs", "100000000", "--hidden", "4", "--batch", "4", "--steps", "16", "--jsonl", "-o", tmp_path / "run")
    process = start("train", "elman", tmp_path / "corpus.txt", *words)
    assert '"started"' in process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=60) == 0
    assert process.stderr.read() == ""


def test_without_a_terminal_nothing_waits_for_input(start, trained):
    process = start("sample", trained, "--length", "5", stdin=subprocess.PIPE)  # which is never written to, nor closed
    assert process.wait(timeout=60) == 0
