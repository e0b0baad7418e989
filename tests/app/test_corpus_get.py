"""Texts fetched from a server on loopback: whole and as meant, or not at all."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from seqterm.errors import DataError, SeqtermError, UsageError
from seqterm.events import CorpusEntry, Finished, Progress
from tests.conftest import TEXT, TINY

DATA = TEXT.encode() * 200
SHA256 = hashlib.sha256(DATA).hexdigest()
OTHER = b"another text\n" * 100


class Handler(BaseHTTPRequestHandler):
    """/whole..., /cut... (the connection ends in the middle), /other...; anything else is not there."""

    def do_GET(self):
        self.server.asked.append(self.path)
        kind = self.path.strip("/").split("-")[0].split(".")[0]
        if kind not in ("whole", "cut", "other"):
            self.send_error(404)
            return
        data = OTHER if kind == "other" else DATA
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if kind == "cut" else data)

    def log_message(self, *arguments):
        """Says nothing."""


@pytest.fixture
def server():
    """`server.url` is the address, `server.asked` the paths that it was asked for."""
    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url, made.asked = f"http://127.0.0.1:{made.server_address[1]}", []
    thread = threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


@pytest.fixture
def kept(home):
    """kept() -> {name: bytes} of all that stands in the folder of fetched texts, hidden or not."""
    return lambda: {path.name: path.read_bytes() for path in (home / "corpora").rglob("*")}


def test_a_text_is_fetched_and_kept_under_its_name(do, server, kept, home):
    *progress, entry = do("corpus", "get", source=f"{server.url}/whole-eggs.txt", sha256=SHA256)
    assert entry == CorpusEntry("whole-eggs", "fetched", len(DATA), str(home / "corpora" / "whole-eggs.txt"), SHA256)
    assert kept() == {"whole-eggs.txt": DATA}
    assert all(isinstance(event, Progress) and event.done <= len(DATA) == event.total for event in progress)


@pytest.mark.parametrize(
    ("path", "values", "name"),
    [
        ("whole.txt", {"name": "hens"}, "hens"),
        ("whole.txt?raw=1", {}, "whole"),
        ("whole.txt", {"sha256": SHA256.upper()}, "whole"),
        ("whole", {}, "whole"),
    ],
)
def test_names_and_checksums_may_be_written_otherwise(do, server, kept, path, values, name):
    do("corpus", "get", source=f"{server.url}/{path}", **{"sha256": SHA256, **values})
    assert kept() == {f"{name}.txt": DATA}


def test_a_fetched_text_can_be_trained_on_by_name(do, server, tmp_path):
    do("corpus", "get", source=f"{server.url}/whole.txt", sha256=SHA256, name="hens")
    events = do("train", "gru", corpus=("hens",), out=str(tmp_path / "run"), **{**TINY, "epochs": 1, "batch": 64})
    assert isinstance(events[-1], Finished)
    assert events[0].training_tokens + events[0].validation_tokens == len(DATA)


def test_a_text_that_is_there_is_not_fetched_again(do, server, kept):
    for _ in range(2):
        do("corpus", "get", source=f"{server.url}/whole.txt", sha256=SHA256)
    assert server.asked == ["/whole.txt"]
    assert kept() == {"whole.txt": DATA}


# What fails leaves nothing

FAILURES = {
    "another text": ("other.txt", DataError, "is not what was meant"),
    "cut in the middle": ("cut.txt", (DataError, SeqtermError), "127.0.0.1"),
    "not there": ("absent.txt", SeqtermError, "Could not fetch .*404"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_broken_download_leaves_nothing(do, server, kept, case):
    path, kind, says = FAILURES[case]
    with pytest.raises(kind, match=says):
        do("corpus", "get", source=f"{server.url}/{path}", sha256=SHA256, name="hens")
    assert server.asked == [f"/{path}"]
    assert kept() == {}
    assert "hens" not in {event.name for event in do("corpus", "list")}


@pytest.mark.parametrize("case", FAILURES)
def test_a_broken_download_leaves_the_text_that_was_there(do, server, kept, case):
    do("corpus", "get", source=f"{server.url}/other.txt", sha256=hashlib.sha256(OTHER).hexdigest(), name="hens")
    path, kind, _ = FAILURES[case]
    with pytest.raises(kind):
        do("corpus", "get", source=f"{server.url}/{path}", sha256=SHA256, name="hens")
    assert kept() == {"hens.txt": OTHER}


def test_no_server_is_a_failure(do, kept):
    with pytest.raises(SeqtermError, match="Could not fetch"):
        do("corpus", "get", source="http://127.0.0.1:9/hens.txt", sha256=SHA256)
    assert kept() == {}


# What is refused before anything is asked for


def test_an_address_needs_a_checksum(do, server, kept):
    with pytest.raises(UsageError, match="--sha256"):
        do("corpus", "get", source=f"{server.url}/whole.txt")
    assert (server.asked, kept()) == ([], {})


@pytest.mark.parametrize("sha256", ["", "abc", "g" * 64, SHA256[:-1], f"md5:{SHA256}"])
def test_what_is_no_checksum_is_refused(do, server, kept, sha256):
    with pytest.raises(UsageError, match="--sha256"):
        do("corpus", "get", source=f"{server.url}/whole.txt", sha256=sha256)
    assert (server.asked, kept()) == ([], {})


@pytest.mark.parametrize("name", ["../hens", "/hens", "a/b", ".", "..", "he ns", "hens\0", "tales", "wend"])
def test_a_name_is_one_plain_name_that_no_bundled_text_has(do, server, home, name):
    before = sorted(home.parent.rglob("*"))
    with pytest.raises(UsageError, match="--name"):
        do("corpus", "get", source=f"{server.url}/whole.txt", sha256=SHA256, name=name)
    assert server.asked == []
    assert sorted(home.parent.rglob("*")) == before


def test_an_address_without_a_file_needs_a_name(do, server):
    with pytest.raises(UsageError, match="--name"):
        do("corpus", "get", source=f"{server.url}/", sha256=SHA256)
    assert server.asked == []


@pytest.mark.parametrize("source", ["hamlet", "ftp://127.0.0.1/hens.txt", "file:///etc/hostname", "", "whole.txt"])
def test_what_is_no_address_and_no_known_name_is_refused(do, source):
    with pytest.raises(UsageError, match=r"is no address .* no known corpus \(tinyshakespeare\)"):
        do("corpus", "get", source=source, sha256=SHA256)
