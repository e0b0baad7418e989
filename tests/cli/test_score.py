"""score, rank, correct and next as a person sees them, and in a pipe."""

import json
import math

import pytest

from tests.cli.program import json_events, rest_of_screen, stderr_lines

SAID = b"dog bites man\nzebra bites dog\r\n\nthe grass is wet\n"
USAGE, DATA = 2, 3


@pytest.fixture(scope="session")
def run(word_run):
    return str(word_run)


def test_the_table_has_a_row_a_line_and_a_total(seqterm, run):
    done = seqterm("score", run, input=SAID)
    heading, *rows, total = [line.split("\t") for line in done.stdout.decode().split("\n")[:-1]]
    assert heading == ["line", "log_probability", "tokens", "unknown", "perplexity", "text"]
    assert [row[0] for row in rows] == ["1", "2", "3", "4"]
    assert [row[2:4] for row in rows] == [["4", "0"], ["3", "1"], ["1", "0"], ["5", "0"]]
    assert [row[5] for row in rows] == ["dog bites man", "zebra bites dog\r", "", "the grass is wet"]
    assert [total[0], *total[2:4]] == ["total", "13", "1"]
    assert float(total[1]) == pytest.approx(sum(float(row[1]) for row in rows), rel=0, abs=3e-4)
    for row in (*rows, total):
        assert float(row[4]) == pytest.approx(math.exp(-float(row[1]) / int(row[2])), rel=1e-3, abs=0)


def test_quiet_leaves_the_heading_out(seqterm, run):
    full, quiet = (seqterm("score", run, *words, input=SAID).stdout.decode().split("\n") for words in ([], ["--quiet"]))
    assert quiet == full[1:]


def test_a_file_gives_what_a_pipe_gives(seqterm, run, tmp_path):
    (tmp_path / "said.txt").write_bytes(SAID)
    outputs = {seqterm("score", run, *words, input=SAID, cwd=tmp_path).stdout for words in ([], ["-"], ["said.txt"])}
    assert len(outputs) == 1


def test_a_terminal_gets_the_bytes_of_a_pipe(terminal, seqterm, run, tmp_path):
    (tmp_path / "said.txt").write_bytes(SAID.replace(b"\r", b""))
    words = ["score", run, str(tmp_path / "said.txt")]
    assert rest_of_screen(terminal(*words)) == (seqterm(*words).stdout, 0)


@pytest.mark.parametrize("stream", [[], ["--stream"]], ids=str)
def test_the_summary_says_what_lines_and_streams_have(seqterm, run, stream):
    rows = [line.split() for line in seqterm("score", run, "--summary", *stream, input=SAID).stdout.decode().splitlines()]
    known = [] if stream else ["known_perplexity"]
    assert [row[0] for row in rows] == ["perplexity", *known, "log_probability", "tokens", "unknown"]
    values = dict(rows)
    assert float(values["perplexity"]) == pytest.approx(
        math.exp(-float(values["log_probability"]) / int(values["tokens"])), rel=1e-4, abs=0
    )


@pytest.mark.parametrize("stream", [[], ["--stream"]], ids=str)
def test_the_summary_as_json_has_the_same_keys(seqterm, run, stream):
    done = seqterm("score", run, "--summary", "--json", *stream, input=SAID)
    total = json.loads(done.stdout)
    assert list(total) == ["perplexity", "log_probability", "tokens", "unknown", "known_perplexity"]
    assert (total["known_perplexity"] is None) == bool(stream)
    assert done.stdout.count(b"\n") == 1


def test_a_stream_counts_what_is_unknown(seqterm, run):
    total = json.loads(seqterm("score", run, "--stream", "--json", input=SAID).stdout)
    assert total["unknown"] == 1
    assert total["tokens"] == 14  # three sentences of 3, 2 and 4 words with six marks, the first of which is given


def test_json_is_one_object(seqterm, run):
    found = json.loads(seqterm("score", run, "--json", input=SAID).stdout)
    assert [line["text"] for line in found["lines"]] == ["dog bites man", "zebra bites dog\r", "", "the grass is wet"]
    assert found["total"]["tokens"] == sum(line["tokens"] for line in found["lines"]) == 13


def test_jsonl_is_an_object_a_line(seqterm, run):
    *lines, total = json_events(seqterm("score", run, "--jsonl", input=SAID).stdout)
    assert [line["event"] for line in lines] == ["line_score"] * 4
    assert total["event"] == "total_score"


@pytest.mark.parametrize("raw", [b"dog \xff man\n", b"dog \0 man\n", "dog \u2028 man\n".encode()], ids=ascii)
def test_odd_bytes_are_scored_and_shown(seqterm, run, raw):
    done = seqterm("score", run, input=raw)
    assert (done.returncode, done.stderr) == (0, b"")
    assert raw in done.stdout
    assert json.loads(seqterm("score", run, "--jsonl", input=raw).stdout.split(b"\n")[0])["tokens"] == 3


def test_every_token_stands_under_its_line(seqterm, run):
    rows = [
        line.split("\t") for line in seqterm("score", run, "--per-token", input=b"dog bites man").stdout.decode().splitlines()
    ]
    assert [row[1] for row in rows[2:6]] == ["'dog'", "'bites'", "'man'", "'SENTENCE_END'"]
    assert sum(float(row[2]) for row in rows[2:6]) == pytest.approx(float(rows[1][1]), rel=0, abs=3e-4)
    (line, _) = json_events(seqterm("score", run, "--per-token", "--jsonl", input=b"dog bites man").stdout)
    assert [token for token, _ in line["per_token"]] == ["dog", "bites", "man", "SENTENCE_END"]


def test_nothing_to_score_has_no_lines(seqterm, run):
    done = seqterm("score", run, "--jsonl")
    assert (done.returncode, [event["event"] for event in json_events(done.stdout)]) == (0, ["total_score"])


# rank, correct, next


def test_rank_puts_the_dog_first(seqterm, run):
    rows = [
        line.split("\t") for line in seqterm("rank", run, input=b"man bites dog\ndog bites man\n").stdout.decode().splitlines()
    ]
    assert [row[1] for row in rows] == ["dog bites man", "man bites dog"]
    assert float(rows[0][0]) > float(rows[1][0])


@pytest.mark.parametrize(("context", "last"), [("it rained today", "wet"), ("it was sunny today", "dry")])
def test_rank_listens_to_the_context(seqterm, run, context, last):
    done = seqterm("rank", run, "--context", context, "--jsonl", input=b"the grass is dry\nthe grass is wet\n")
    assert [event["rank"] for event in json_events(done.stdout)] == [1, 2]
    assert json_events(done.stdout)[0]["text"] == f"the grass is {last}"


def test_rank_notes_what_it_leaves_out(seqterm, run):
    done = seqterm("rank", run, input=b"zebra bites man\ndog bites yak\n")
    assert stderr_lines(done) == ["2 tokens that the model has never seen are left out of the candidates."]
    assert done.stdout.count(b"\n") == 2


def test_correct_changes_mistakes_alone(seqterm, run):
    done = seqterm("correct", run, input="\ufeffDgo  bites, man!\r\n\0 they sail\u2028on the baat".encode() + b" \xff\n")
    assert done.stdout == "\ufeffDog  bites, man!\r\n\0 they sail\u2028on the boat".encode() + b" \xff\n"


def test_next_draws_bars_that_fall(seqterm, run):
    *rows, summary = seqterm("next", run, "--prompt", "the", "--top", "4").stdout.decode().splitlines()
    chances = [float(row.split()[0]) for row in rows]
    bars = [row[8:48] for row in rows]
    assert len(rows) == 4
    assert chances == sorted(chances, reverse=True)
    assert bars[0] == "█" * 40
    for chance, bar in zip(chances, bars, strict=True):
        assert len(bar.rstrip()) == pytest.approx(40 * chance / chances[0], rel=0, abs=1.1)
    assert summary.startswith("entropy ")
    assert "top-k 20 keeps" in summary
    assert "top-p 0.9 keeps" in summary


def test_next_reads_its_prompt_from_a_pipe(seqterm, run):
    assert seqterm("next", run, "-", input=b"the grass is").stdout == seqterm("next", run, "--prompt", "the grass is").stdout


def test_next_notes_unknown_words(seqterm, run):
    done = seqterm("next", run, "--prompt", "zebras yawn")
    assert done.returncode == 0
    assert stderr_lines(done) == ["The model has never seen 'zebras', 'yawn'."]


# What goes wrong


@pytest.mark.parametrize("command", ["score", "filter", "rank", "correct", "next"])
def test_a_run_is_needed(seqterm, command):
    done = seqterm(command)
    assert (done.returncode, done.stdout) == (USAGE, b"")
    assert "RUN" in stderr_lines(done)[0]


WORDS = {"score": [], "filter": ["--keep", "0.5"], "rank": [], "correct": [], "next": []}


@pytest.mark.parametrize("command", WORDS)
def test_the_run_must_be_there(seqterm, command):
    done = seqterm(command, "nobody", *WORDS[command])
    assert (done.returncode, done.stdout) == (DATA, b"")
    assert "There is no run at" in stderr_lines(done)[0]


@pytest.mark.parametrize("command", ["score", "filter", "rank", "correct"])
def test_the_file_must_be_there(seqterm, run, command):
    done = seqterm(command, run, "nowhere.txt", *WORDS[command])
    assert (done.returncode, done.stdout) == (DATA, b"")
    assert "Cannot read nowhere.txt" in stderr_lines(done)[0]


@pytest.mark.parametrize("command", ["score", "filter", "rank", "correct"])
def test_lines_are_not_awaited_from_the_keyboard(terminal, run, command):
    screen, code = rest_of_screen(terminal(command, run, *WORDS[command]))
    assert code == DATA
    assert b"Standard input is a terminal" in screen


def test_correcting_by_characters_is_refused(seqterm, trained):
    done = seqterm("correct", trained, input=b"dgo\n")
    assert (done.returncode, done.stdout) == (USAGE, b"")
    assert "--tokens word or space" in stderr_lines(done)[0]
