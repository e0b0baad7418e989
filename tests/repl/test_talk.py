"""What a session does with lines."""

import shutil

import pytest

from seqterm.app.commands import COMMANDS, Analogy, Next, Sample, Score
from seqterm.app.run import run
from seqterm.app.session import Session
from seqterm.errors import SeqtermError, UsageError
from seqterm.events import Piece, Sampled
from seqterm.faces.answer import View
from seqterm.faces.views import Screen
from seqterm.repl.lines import view_and_rest
from seqterm.repl.shorts import SHORTS
from seqterm.repl.start import attempt
from seqterm.repl.talk import Talk


def drawn(**values):
    """What the command Sample draws."""
    events = list(run(Sample(run="hen", **{"seed": 1, "length": 20, **values}), Session()))
    return next(event.text for event in events if isinstance(event, Sampled))


def test_text_is_continued_as_by_the_command(say):
    assert say("the hen ") == f"the hen {drawn(prompt='the hen ')}\n"


def test_an_empty_line_goes_on_with_the_next_seed(say, talk):
    say("the ")
    before = talk.tree.current.text
    assert say("").removesuffix("\n") == drawn(prompt=before, seed=2).removesuffix("\n")
    assert talk.tree.current.text == before + drawn(prompt=before, seed=2)


def test_every_text_begins_anew(say, talk):
    say("the ")
    assert say("a ") == f"a {drawn(prompt='a ')}\n"
    assert talk.tree.current.parent is talk.tree.root


def test_what_is_added_stands_between(say, talk):
    say("the ")
    before = talk.tree.current.text
    say("/add  red ")
    assert talk.tree.current.text == before + " red " + drawn(prompt=before + " red ", seed=2)


def test_retrying_takes_the_next_seed_and_keeps_both(say, talk):
    say("the ")
    assert say("/retry") == f"the {drawn(prompt='the ', seed=2)}\n"
    assert len(talk.tree.root.children) == 2
    assert say("/retry") == f"the {drawn(prompt='the ', seed=3)}\n"


def test_undoing_goes_back(say, talk):
    say("the ")
    first = talk.tree.current
    say("")
    say("/undo")
    assert talk.tree.current is first
    say("/undo")
    with pytest.raises(UsageError, match="nothing to undo"):
        say("/undo")
    say("/tree 2")
    assert talk.tree.current.parent is first


def test_picking_puts_another_token_in_the_last_place(say, talk):
    say("the ")
    before = talk.tree.current
    shown = say("/pick").splitlines()
    model = talk.session.load("hen")
    ranked = model.next(before.text[:-1], top=3)
    assert len(shown) == 10
    say("/pick 3")
    picked = before.text[:-1] + ranked[2][0]
    assert talk.tree.current.text == picked + drawn(prompt=picked)
    assert talk.tree.current.parent is before.parent


def test_words_are_picked_whole(say, talk):
    say("/with words")
    say("/text the red ")
    before = talk.tree.current.text
    ranked = talk.session.load("words").next(talk.session.load("words").without_last(before), top=2)
    say("/pick 2")
    words = before.split()
    assert talk.tree.current.text.split()[: len(words)] == [*words[:-1], ranked[1][0]]


def test_several_samples_are_several_branches(say, talk):
    say("/samples 3")
    say("the ")
    assert len(talk.tree.root.children) == 3
    assert talk.tree.current.text == "the " + drawn(prompt="the ")


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("/score the hen's eggs", Score(run="hen", source="-", given=frozenset({"run", "source"}))),
        ("/score --per-token the", Score(run="hen", source="-", per_token=True, given=frozenset({"run", "source", "per_token"}))),
        ("/next the", Next(run="hen", prompt="the", given=frozenset({"run", "prompt"}))),
        ("/next the --top 3", Next(run="hen", prompt="the", top=3, given=frozenset({"run", "prompt", "top"}))),
        ("/next hen --prompt 'a b'", Next(run="hen", prompt="a b", given=frozenset({"run", "prompt"}))),
        ("/analogy red hen white", Analogy(vectors="hen", words=("red", "hen", "white"), given=frozenset({"vectors", "words"}))),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_line_is_the_command_of_the_command_line(talk, line, command):
    rest = line[1:].partition(" ")[2]
    assert talk.read(type(command), rest)[0] == command


@pytest.mark.parametrize(
    "line",
    [
        "next hen --prompt the",
        "sample hen --seed 3 --length 9",
        "info hen",
        "duel hen words --prompt the --seed 3 --length 9",
        "score hen CORPUS --per-token",
        "score hen CORPUS --heat",
        "neurons hen CORPUS --find hen --top 3",
        "similar vectors red",
        "runs compare hen words",
        "watch hen --once",
        "config show sample --origins",
    ],
)
def test_the_same_command_gives_the_same_events_in_both_faces(talk, seqterm, corpus, capsys, line):
    line = line.replace("CORPUS", str(corpus))
    capsys.readouterr()
    talk.do(f"/{line} --jsonl")
    shown = capsys.readouterr().out
    assert shown
    assert shown == seqterm(*line.split(), "--jsonl").stdout.decode()


def test_a_text_to_score_is_read_line_by_line(say):
    assert say('/score --quiet "the\\nhen"').count("\n") == 3


@pytest.mark.parametrize(
    ("line", "view", "rest"),
    [
        ("next --quiet the hen", {"quiet": True}, "the hen"),
        ("next -q the -q hen", {"quiet": True}, "the -q hen"),
        ("next the  hen --jsonl --top 3", {"jsonl": True}, "the  hen --top 3"),
        ('next "the --quiet" hen --jsonl', {}, '"the --quiet" hen --jsonl'),
        ("log search the hen -q", {"quiet": True}, "the hen"),
        ("score --heat --svg x.svg the hen", {"screen": Screen(svg="x.svg")}, "--heat the hen"),
        ("next the --svg x.svg", {}, "the --svg x.svg"),
    ],
)
def test_options_of_showing_stand_where_others_do(line, view, rest):
    path = next(path for path in COMMANDS if line.startswith(" ".join(path)))
    text = line.removeprefix(" ".join(path)).lstrip()
    assert view_and_rest(COMMANDS[path], text) == (View(**view), rest)


def test_vectors_stand_beside_a_language_model(say, talk):
    say("/load vectors")
    assert talk.run == "hen"
    assert "red : hen :: white : ?" in say("/analogy red hen white")


def test_runs_draw_side_by_side(say):
    say("/load words")
    heading = say("/duel the ").splitlines()[0]
    assert heading.split(" | ")[0].strip() == "hen"
    assert heading.split(" | ")[1].strip() == "words"
    assert say("/duel words hen the ").startswith("words")


@pytest.mark.parametrize(
    ("line", "settings"),
    [
        ("/temperature 0.7", {"temperature": 0.7}),
        ("/strategy top-k 20", {"strategy": "top-k", "top_k": 20}),
        ("/strategy argmax", {"strategy": "argmax"}),
        ("/set top-p 0.5", {"top_p": 0.5}),
        ("/length 3", {"length": 3}),
    ],
)
def test_settings_are_set(say, talk, line, settings):
    say(line)
    assert talk.sampling.items() >= settings.items()


def test_a_setting_is_shown_and_taken_back(say, talk):
    assert say("/seed").split() == ["seed", "1"]
    say("/seed default")
    assert "seed" not in talk.sampling
    assert len(say("/set").splitlines()) == 13


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("/sampel", "There is no command /sampel. Did you mean /sample?"),
        ("/hepl", "Did you mean /help?"),
        ("/tempreature 1", "Did you mean /temperature?"),
        ("/", "There is no command /."),
        ("/runs lsit", "Did you mean list?"),
        ("/temperature hot", "--temperature must be a number"),
        ("/temperature -1", "--temperature must be at least"),
        ("/strategy beam", "must be one of multinomial"),
        ("/strategy top-q 3", "must be one of multinomial"),
        ("/strategy argmax 3", "argmax takes no number"),
        ("/undo 3", "/undo stands alone, without '3'"),
        ("/set heat 1", "There is no setting heat"),
        ("/load nope", "There is no run at"),
        ("/info nope", "There is no run at"),
        ("/pick", "There is no text yet"),
        ("/retry", "nothing to draw again"),
        ("/tree 9", "There is no text 9"),
        ("/save", "Name a file"),
        ("/save /nowhere/at/all", "Cannot write"),
        ('/text "open', "must be a JSON string"),
        ("/next --tpo 3 the", "Did you mean --top"),
        ("/similar --json x", "--json is no option of this command"),
    ],
)
def test_a_line_that_cannot_be_done_says_why_and_loses_nothing(talk, line, message, capsys):
    with pytest.raises(SeqtermError, match=message):
        talk.do(line)
    assert attempt(talk, line, "line 7: ") is False
    assert "seqterm: line 7: " in capsys.readouterr().err


def test_without_a_run_it_says_how_to_load_one():
    with pytest.raises(UsageError, match="No run is loaded: /load RUN"):
        Talk(Session()).do("the")


def test_a_stop_keeps_the_partial_text(talk, capsys):
    talk.sampling["length"] = 100_000

    pieces = []
    show = talk._show

    def stopping(command, view, kept=iter):
        def cut(events):
            for event in kept(events):
                if isinstance(event, Piece) and event.text:
                    pieces.append(event.text)
                    talk.session.stop = True
                yield event

        return show(command, view, cut)

    talk._show = stopping
    assert attempt(talk, "the ") is None
    assert talk.tree.current.text == "the " + "".join(pieces)
    assert len(talk.tree.current.text) < 50_000
    assert talk.script[-3:] == [f"/length {len(''.join(pieces))}", "the ", "/length 100000"]


def test_a_run_trained_further_is_said_once_and_read_when_asked(talk, do, capsys):
    before = talk.session.load("hen")
    do("train", "--resume", run="hen", epochs=3)
    capsys.readouterr()
    talk.do("the ")
    talk.do("the ")
    assert capsys.readouterr().err.count("hen has been trained on since it was loaded: /load hen") == 1
    assert talk.session.load("hen") is before
    talk.do("/load hen")
    assert talk.session.load("hen").step > before.step


def test_a_run_that_is_deleted_stays_loaded(talk, home, capsys):
    shutil.rmtree(home / "runs" / "hen")
    capsys.readouterr()
    talk.do("the ")
    assert "hen is gone from the disk" in capsys.readouterr().err
    assert attempt(talk, "/load hen") is False
    assert "There is no run at" in capsys.readouterr().err
    talk.do("the ")
    assert talk.tree.current.drawn


def test_help_names_every_command(say):
    shown = say("/help")
    assert all(f"/{' '.join(path)} " in shown for path in COMMANDS)
    assert all(f"/{name} " in shown for name in SHORTS)
    assert "--per-token" in say("/help score")
    assert "/pick [N]" in say("/help pick")
    assert "sharper" in say("/help temperature")
    assert "argmax, top-k" in say("/help strategy")


def test_settings_files_count_here_too(talk, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "seqterm.toml").write_text("[next]\ntop = 3\n")
    command, *_ = talk.read(Next, "the")
    assert (command.top, command.prompt) == (3, "the")
    assert "top" not in command.given
    assert talk.read(Next, "the --top 2")[0].top == 2


def test_what_is_drawn_is_written_into_a_file(say, talk, tmp_path):
    say(f"/score --svg {tmp_path / 'heat.svg'} --heat the hen")
    assert (tmp_path / "heat.svg").read_text().startswith("<svg")
    with pytest.raises(UsageError, match="needs a file"):
        talk.command("/score --svg")
