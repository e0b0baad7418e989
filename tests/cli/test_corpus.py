"""Commands about corpora as a person sees them."""

import hashlib
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.app.test_corpora import TEXT
from tests.cli.program import json_events, rest_of_screen, stderr_lines

DATA = b"a hen and an egg\n" * 5000


class Slow(BaseHTTPRequestHandler):
    """/slow sends half and then waits until the client is gone or the test is over; anything else comes piece by piece."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(DATA)))
        self.end_headers()
        for first in range(0, len(DATA), len(DATA) // 8):
            if self.path == "/slow" and first > len(DATA) // 2:
                self.server.half.set()
                self.server.over.wait(60)
                return
            self.wfile.write(DATA[first : first + len(DATA) // 8])
            self.wfile.flush()
            time.sleep(0.05)

    def log_message(self, *arguments):
        """Says nothing."""


@pytest.fixture
def server():
    """`server.url`; `server.half` is set when half of a slow text is on its way."""
    made = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    made.url, made.half, made.over = f"http://127.0.0.1:{made.server_address[1]}", threading.Event(), threading.Event()
    thread = threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    made.over.set()
    made.shutdown()
    made.server_close()
    thread.join()


def test_list_has_a_line_a_corpus(seqterm):
    lines = [line.split() for line in seqterm("corpus", "list").stdout.decode().splitlines()]
    assert ["tales", "bundled"] in [line[:2] for line in lines]
    assert ["tinyshakespeare", "known", "-"] in [line[:3] for line in lines]


def test_info_shows_size_and_checksum(seqterm, tmp_path):
    (tmp_path / "x.txt").write_bytes(DATA)
    output = seqterm("corpus", "info", tmp_path / "x.txt").stdout.decode()
    assert f"{len(DATA):,}" in output
    assert f"sha256 {hashlib.sha256(DATA).hexdigest()}" in output


def test_a_fetched_text_is_used_by_name(seqterm, server, corpus):
    checksum = hashlib.sha256(DATA).hexdigest()
    done = seqterm("corpus", "get", f"{server.url}/eggs.txt", "--sha256", checksum)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().split()[:3] == ["eggs", "fetched", f"{len(DATA):,}"]
    (counts,) = json_events(seqterm("corpus", "stats", "eggs", "--jsonl").stdout)
    assert (counts["types"], counts["lines"]) == (5, 5000)


def test_a_terminal_shows_a_bar_while_a_text_comes(terminal, server):
    child = terminal("corpus", "get", f"{server.url}/eggs.txt", "--sha256", hashlib.sha256(DATA).hexdigest())
    screen, code = rest_of_screen(child)
    assert code == 0
    assert "━" in screen.decode()
    assert b"eggs" in screen


def test_a_download_broken_off_at_the_keyboard_leaves_nothing(start, server, home):
    process = start("corpus", "get", f"{server.url}/slow", "--sha256", "0" * 64)
    assert server.half.wait(60)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    assert process.stderr.read() == "interrupted\n"
    assert list((home / "corpora").rglob("*")) == []


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["info"], 2, "CORPUS"),
        (["info", "marsh"], 3, "There is no file marsh"),
        (["get"], 2, "NAME|URL"),
        (["get", "marsh"], 2, "no known corpus"),
        (["get", "http://127.0.0.1:9/x.txt"], 2, "--sha256"),
        (["get", "http://127.0.0.1:9/x.txt", "--sha256", "0" * 64], 1, "Could not fetch"),
        (["split"], 2, "FILE"),
        (["split", "marsh.txt"], 3, "Cannot split marsh.txt"),
        (["split", "marsh.txt", "--train", "1"], 2, "--train must be below 1"),
        (["stats"], 2, "Name the text to count"),
        (["stats", "-"], 3, "Standard input is empty"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_goes_wrong_is_one_sentence(seqterm, words, code, says):
    done = seqterm("corpus", *words)
    (line,) = stderr_lines(done)
    assert (done.returncode, done.stdout) == (code, b"")
    assert says in line


def test_split_names_its_files(seqterm, tmp_path):
    (tmp_path / "x.txt").write_text(TEXT)
    lines = seqterm("corpus", "split", "x.txt", "--train", "0.9", cwd=tmp_path).stdout.decode().splitlines()
    assert [line.split()[0] for line in lines] == ["x.train.txt", "x.held-out.txt"]
    assert (tmp_path / "x.train.txt").read_text() + (tmp_path / "x.held-out.txt").read_text() == TEXT


def test_stats_shows_counts_and_a_falling_curve(seqterm):
    done = seqterm("corpus", "stats", "-", "--tokens", "space", input=b"a a a a b b c\na a a a b b d\n" * 10)
    lines = done.stdout.decode().splitlines()
    assert [line.split()[:2] for line in lines[:4]] == [["tokens", "160"], ["types", "5"], ["hapaxes", "0"], ["lines", "20"]]
    assert lines[4].startswith("frequent 'a' 80  'b' 40  ")
    chart = lines[lines.index("log10 frequency against log10 rank") + 1 :]
    assert chart[0].startswith("1.90 ")  # log10 80
    assert any("1.00" in line for line in chart)  # log10 10
    drawn = [[i for i, letter in enumerate(line) if "\u2800" < letter <= "\u28ff"] for line in chart]
    assert sum(map(len, drawn)) > 20
    reach = [max(row) for row in drawn if row]
    assert reach == sorted(reach)
