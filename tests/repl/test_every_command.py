"""Every command of a session, once with keys in a pipe and once on a pseudo-terminal."""

import re
import shutil

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from seqterm.app.commands import COMMANDS
from seqterm.app.session import Session
from seqterm.repl.screen import converse
from seqterm.repl.shorts import SHORTS, sampling_field, sampling_flags
from seqterm.repl.talk import Talk
from tests.cli.program import PROGRAM, rest_of_screen, spawn
from tests.conftest import TEXT, wave

NETWORK = "--hidden 4 --batch 4 --steps 16 --epochs 1 --sample-length 0 --quiet"
# What is typed, and a pattern that only its answer holds; "" where there is none.
LINES = [
    ("/load words hen", ""),
    ("/with hen", ""),
    ("/set", "repetition-penalty +1.0"),
    ("/length 12", ""),
    ("/seed 5", ""),
    ("/temperature 0.7", ""),
    ("/temperature", r"temperature +0\.7"),
    ("/strategy top-k 5", ""),
    ("/top-k", "top-k +5"),
    ("/top-k-draw", "weighted"),
    ("/top-p", "top-p +-"),
    ("/min-p", "min-p +-"),
    ("/repetition-penalty", r"1\.0"),
    ("/weights", "full"),
    ("/until", "until +-"),
    ("/min-length", "min-length +0"),
    ("/samples", "samples +1"),
    ("the", r"the\w* "),
    ("", r"\w"),
    ("/text a", r"a\S*"),
    ("/add  red", " red"),
    ("/retry", " red"),
    ("/undo", "The text now ends: 'a"),
    ("/pick", r"1 +0\.\d+  '"),
    ("/pick 2", r"\w"),
    ("/tree", r"\*  \d"),
    ("/show", "a"),
    ("/help", "/train lstm"),
    ("/help pick", "takes it and goes on"),
    (f"/train elman corpus.txt {NETWORK} -o new-elman", "new-elman"),
    (f"/train lstm corpus.txt {NETWORK} -o new-lstm", "new-lstm"),
    (f"/train gru corpus.txt {NETWORK} -o new-gru", "new-gru"),
    (f"/train nnlm corpus.txt {NETWORK} -o new-nnlm", "new-nnlm"),
    ("/train ngram corpus.txt --order 3 -o new-ngram", "new-ngram"),
    ("/train hmm corpus.txt --states 2 --epochs 2 -o new-hmm", "new-hmm"),
    ("/train word2vec corpus.txt --dim 4 --min-count 1 --epochs 1 -o new-word2vec", "new-word2vec"),
    ("/train glove corpus.txt --dim 4 --min-count 1 --epochs 1 -o new-glove", "new-glove"),
    ("/train ar sold.csv --lags 2 -o new-ar", "log-likelihood"),
    ("/train mlp-ar sold.csv --window 3 --hidden 3 --epochs 1 -o new-mlp", "new-mlp"),
    ("/train rnn-ar sold.csv --hidden 3 --epochs 1 -o new-rnn", "new-rnn"),
    ("/train --resume new-elman --epochs 2 --quiet", "new-elman"),
    ("/sample new-gru --length 5 --prompt the", "the"),
    ("/score the hen", "total\t"),
    ("/neurons hen corpus.txt --unit 1", "h of unit 1 in layer 0"),
    ("/compare hen new-lstm corpus.txt", "bits/char"),
    ("/check hen --contexts 3 --length 5", "are as they were written"),
    ("/filter hen corpus.txt --max-perplexity 100", "the red hen has"),
    ("/rank the hen", r"-\d+\.\d+\tthe hen"),
    ("/with words", ""),
    ("/correct --distance 1 the redd hen", "the red hen"),
    ("/next the", "entropy"),
    ("/load vectors", ""),
    ("/similar white --top 2", "score +word"),
    ("/analogy red hen white", "red : hen :: white"),
    ("/odd-one-out red white hen", r"\(\w+ -?0\.\d"),
    ("/vectors eval --questions questions.txt", "accuracy"),
    ("/vectors map red white hen", "of the variance"),
    ("/vectors export vectors out.vec --format fasttext", "vectors"),
    ("/hmm show new-hmm", "from row to column"),
    ("/hmm decode new-hmm corpus.txt", r"[01] [01] [01]"),
    ("/ngram export new-ngram out.arpa", "new-ngram"),
    ("/ngram import out.arpa --tokens char -o back", "back"),
    ("/forecast new-ar --steps 2", "step,month,forecast"),
    ("/corpus list", "wend"),
    ("/corpus info tales", "bundled"),
    ("/corpus get https://texts.invalid/x.txt", "--sha256"),
    ("/corpus split corpus.txt", r"corpus\.train\.txt +file"),
    ("/corpus stats corpus.txt", "hapaxes"),
    ("/stop hen", "hen"),
    ("/watch hen --once", "nats a token"),
    ("/runs list", "parameters"),
    ("/runs show hen", "tensors|parameters"),
    ("/runs compare hen new-elman", "held-out loss"),
    ("/runs rm back", "back is removed"),
    ("/runs export new-hmm hmm.tar", "new-hmm"),
    ("/runs import hmm.tar -o twin", "twin"),
    ("/info hen", "elman, [0-9,]+ parameters"),
    ("/warmup", "Every kernel is compiled"),
    ("/paths", "runs +/"),
    ("/devices", "cpu  "),
    ("/config show sample", "repetition-penalty = 1.0"),
    ("/duel words hen the ", r"words +\| hen"),
    ("/log list", "number +when"),
    ("/log show 1", "checksum"),
    ("/log search the", "number +when"),
    ("/log export log.jsonl", r"samples are in log\.jsonl"),
    ("/log off", "not logged any more"),
    ("/log on", "Samples are logged in"),
    ("/log clear", "are deleted"),
    ("/hepl", "Did you mean /help"),
    ("/save saved.txt", "does this session again"),
]
END = "/quit"


def name(line):
    """What a line is: the path of a command, or a short one."""
    words = tuple(line[1:].split())
    return next((path for path in (words[:2], words[:1]) if path in COMMANDS), words[:1])


def test_none_is_left_out():
    driven = {name(line) for line, _ in (*LINES, (END, "")) if line.startswith("/")}
    settings = {flag for flag in sampling_flags() if sampling_field(flag)}
    assert COMMANDS.keys() | {(word,) for word in SHORTS.keys() | settings} <= driven


@pytest.fixture
def desk(home, runs, tmp_path):
    """A folder with what the lines name."""
    for run in ("hen", "words", "vectors"):
        shutil.copytree(runs / run, home / "runs" / run)
    (tmp_path / "corpus.txt").write_text(TEXT)
    (tmp_path / "questions.txt").write_text(": hens\nred hen white eggs\n")
    wave(tmp_path / "sold.csv")
    return tmp_path


def test_with_keys_in_a_pipe(desk, monkeypatch, capsys):
    monkeypatch.chdir(desk)
    talk = Talk(Session(holds=True))
    for line, answer in LINES:
        with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
            pipe.send_text(f"{line}\r\x04")
            assert converse(talk, "emacs") == 0
        shown = "".join(capsys.readouterr())
        assert re.search(answer, shown), (line, shown)
        assert answer or not shown, (line, shown)
    assert (desk / "saved.txt").read_text().startswith("/load words hen\n")


def test_on_a_terminal(desk):
    session = spawn([*PROGRAM, "repl"], {"PROMPT_TOOLKIT_NO_CPR": "1"}, cwd=desk)  # nobody here says where the cursor is
    begins, ends = "\x1b[?2004h", "\x1b[?2004l"  # of the time in which a line is typed
    session.expect_exact(begins)
    for line, answer in LINES:
        session.send(line + "\r")
        session.expect_exact(ends)
        session.expect_exact(begins, timeout=600)  # kernels may be compiled
        shown = session.before.decode()
        assert re.search(answer, shown), (line, shown)
        assert ("seqterm: " in shown) == (line.startswith(("/hepl", "/corpus get", "/stop"))), (line, shown)
    session.send(END + "\r")
    assert rest_of_screen(session)[1] == 0
    assert (desk / "saved.txt").read_text().startswith("/load words hen\n")
