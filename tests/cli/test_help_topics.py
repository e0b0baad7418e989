"""`seqterm help`, and the manual page."""

import shutil
import subprocess

import pytest

from seqterm.app.commands import COMMANDS
from seqterm.app.topics import TOPICS
from seqterm.cli.main import cli
from seqterm.cli.manual import escape, manual
from seqterm.options import parameters
from tests.cli.program import stderr_lines


@pytest.fixture(scope="module")
def page():
    return manual(cli)


@pytest.mark.parametrize("words", [["train", "lstm"], ["sample"], ["runs"], ["config", "show"]], ids=" ".join)
def test_help_on_a_command_is_its_own_help(seqterm, words):
    asked, own = seqterm("help", *words), seqterm(*words, "--help")
    assert asked.returncode == 0
    assert asked.stdout == own.stdout


def test_help_on_nothing_is_the_programs_and_names_the_topics(seqterm):
    shown = seqterm("help").stdout
    assert shown.startswith(seqterm("--help").stdout.rstrip())
    assert [name for name in TOPICS if name not in shown.decode()] == []


@pytest.mark.parametrize("name", TOPICS)
def test_help_on_a_topic_fits_a_narrow_terminal(seqterm, name):
    done = seqterm("help", name)
    assert done.returncode == 0
    assert max(map(len, done.stdout.decode().splitlines())) <= 80
    for term, _ in TOPICS[name]().entries:
        assert term in done.stdout.decode()


def test_unknown_help_is_answered_with_the_nearest(seqterm):
    done = seqterm("help", "setings")
    assert done.returncode == 2
    assert stderr_lines(done) == ["seqterm: There is no help on 'setings': did you mean settings?"]
    assert seqterm("help", "--man", "files").returncode == 2


def test_the_manual_names_every_command_and_option(page):
    lines = set(page.splitlines())
    for path, command_class in COMMANDS.items():
        if path[-1].startswith("-"):
            continue
        assert f'.SS "{escape("seqterm " + " ".join(path))}"' in lines
        for parameter in parameters(command_class):
            if not parameter.option.positional:
                assert escape(f"--{parameter.flag}") in page


def test_the_manual_has_every_topic(page):
    for name, topic in TOPICS.items():
        assert f'.SH "{name.upper().replace("-", " ")}"' in page
        assert escape(topic().summary) in page


def test_no_line_of_text_is_a_request(page):
    requests = {".TH", ".SH", ".SS", ".TP", ".PP", ".nf", ".fi"}
    assert {line.split()[0] for line in page.splitlines() if line.startswith((".", "'"))} == requests
    assert escape(".so x\n'a'\n\\n") == "\\&.so x\n\\(aqa\\(aq\n\\en"


@pytest.mark.skipif(shutil.which("groff") is None, reason="there is no groff")
def test_the_manual_is_sound_roff(page):
    done = subprocess.run(["groff", "-man", "-ww", "-z", "-Tutf8"], input=page, capture_output=True, text=True, check=True)
    assert done.stderr == ""
