"""Lines go through a pipe as they are, and memory does not grow with them."""

import subprocess

import pytest

from tests.bench.memory import peak_of_filter
from tests.cli.program import PROGRAM, stderr_lines

ODD = [
    b"\xef\xbb\xbfthe first line after a byte-order mark",
    b"the red hen has 2 eggs.",
    b"windows\r",
    b"",
    b"\r",
    b"nul \0 bytes \0",
    "next\u0085line".encode(),
    "line\u2028and paragraph\u2029separators".encode(),
    b"form\x0cfeed \x1c\x1d\x1e \x0b",
    b"latin-1 caf\xe9, and \xff\xfe\xed\xa0\x80\xf8",
    b"cut \xe2\x82",
    "→🐔ß".encode(),
    b" \t spaces \t ",
    b"in the \rmiddle",
]
INPUT = b"\n".join(ODD) + b"\n"


@pytest.fixture(params=["characters", "words"])
def run(request, trained, word_run):
    return trained if request.param == "characters" else word_run


@pytest.mark.parametrize("way", [["--max-perplexity", "1e300"], ["--keep", "1"]], ids=" ".join)
def test_all_lines_pass_byte_by_byte(seqterm, run, way):
    done = seqterm("filter", run, *way, input=INPUT)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == INPUT


def test_what_passes_is_some_lines_in_their_order(seqterm, trained):
    done = seqterm("filter", trained, "--keep", "0.5", input=INPUT)
    passed = done.stdout.split(b"\n")[:-1]
    assert len(passed) == len(ODD) // 2
    assert passed == [line for line in ODD if line in passed]
    assert b"the red hen has 2 eggs." in passed


def test_likely_lines_pass_and_others_do_not(seqterm, trained):
    said = b"the red hen has 2 eggs.\nqxz jkvw pyf\nthe brown hen has 7 eggs.\n"
    done = seqterm("filter", trained, "--max-perplexity", "10", input=said)
    assert done.stdout == b"the red hen has 2 eggs.\nthe brown hen has 7 eggs.\n"


@pytest.mark.parametrize("way", [["--max-perplexity", "9"], ["--keep", "0.4"]], ids=" ".join)
def test_a_file_gives_what_a_pipe_gives(seqterm, trained, tmp_path, way):
    (tmp_path / "odd.txt").write_bytes(INPUT)
    outputs = {seqterm("filter", trained, *words, *way, input=INPUT, cwd=tmp_path).stdout for words in ([], ["-"], ["odd.txt"])}
    assert len(outputs) == 1
    assert outputs != {b""}


@pytest.mark.parametrize("way", [["--max-perplexity", "1e300"], ["--keep", "1"]], ids=" ".join)
def test_a_last_line_without_an_end_gets_one(seqterm, trained, way):
    assert seqterm("filter", trained, *way, input=b"the hen\nthe egg").stdout == b"the hen\nthe egg\n"


@pytest.mark.parametrize("way", [["--max-perplexity", "9"], ["--keep", "0.4"]], ids=" ".join)
def test_of_nothing_nothing_passes(seqterm, trained, way):
    done = seqterm("filter", trained, *way)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize("way", [["--max-perplexity", "1e300"], ["--keep", "1"]], ids=" ".join)
def test_a_line_of_a_megabyte_passes(seqterm, run, way):
    said = b"the red hen\n" + b"dog bites man " * 75_000 + b"\n" + b"x" * 1_000_000 + b"\nthe hen\n"
    assert seqterm("filter", run, *way, input=said).stdout == said


@pytest.mark.parametrize("ways", [[], ["--keep", "0.5", "--max-perplexity", "10"]], ids=["neither", "both"])
def test_one_way_to_choose_is_needed(seqterm, trained, ways):
    done = seqterm("filter", trained, *ways, input=INPUT)
    assert (done.returncode, done.stdout) == (2, b"")
    assert "--max-perplexity or --keep" in stderr_lines(done)[0]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--keep", "0"], "--keep must be above 0"),
        (["--keep", "1.1"], "--keep must be at most 1"),
        (["--max-perplexity", "0"], "--max-perplexity must be above 0"),
        (["--max-perplexity", "nan"], "--max-perplexity must be a finite number"),
    ],
)
def test_impossible_bounds_are_refused(seqterm, trained, words, says):
    done = seqterm("filter", trained, *words, input=INPUT)
    assert (done.returncode, done.stdout) == (2, b"")
    assert says in stderr_lines(done)[0]


@pytest.mark.parametrize("command", [["filter", "--max-perplexity", "1e300"], ["score"], ["correct"]], ids=lambda c: c[0])
def test_a_closed_pipe_is_no_error(word_run, command, tmp_path):
    (tmp_path / "many.txt").write_bytes(b"dog bites man\n" * 20_000)
    words = [*PROGRAM, command[0], str(word_run), str(tmp_path / "many.txt"), *command[1:]]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(60) == 0
    process.stderr.close()


# Memory


@pytest.mark.parametrize("kind", ["lines", "words"])
def test_memory_stays_flat_from_2_to_20_megabytes(word_run, tmp_path, kind):
    """Ordinary lines; and words of 20,000 letters, all different, none of which is worth remembering."""
    peaks = []
    for megabytes in (2, 20):
        path = tmp_path / f"{megabytes}.txt"
        with path.open("wb") as file:
            for number in range(megabytes * 50):
                file.write(
                    (b"dog bites man " * 14 + b"%x\n" % number) * 100 if kind == "lines" else (b"%06x" % number) * 3333 + b"\n"
                )
        peaks.append(peak_of_filter(word_run, path))
        path.unlink()
    assert peaks[0] > 20_000_000  # something was measured
    assert peaks[1] - peaks[0] < (60_000_000 if kind == "lines" else 25_000_000)
