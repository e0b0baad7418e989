"""The screen of word vectors."""

import shutil
from pathlib import Path

import pytest

from seqterm.app.commands import Analogy, MapVectors, OddOneOut, Similar
from seqterm.tui import memory
from seqterm.tui.vector_set import mapped, understood
from seqterm.tui.words import Words
from tests.tui.driving import SIZES, drive

GOLDEN = Path(__file__).with_name("golden")
PLANE = "6 2\nman 1 0\nwoman 1 1\nking 4 0.5\nqueen 4 1.5\nprince 3 0.5\nbread -1 -2\n"


@pytest.fixture
def plane(tmp_path):
    """A file of vectors in two dimensions, that the workbench has asked before."""
    path = tmp_path / "plane.vec"
    path.write_text(PLANE)
    memory.remember({"screen": "words", "words": {"sources": [str(path)], "chosen": []}})
    return path


def first(driver):
    return driver.screen.query_one("#first")


async def answered(driver):
    """Wait until the first set has its answers and the keys."""
    await driver.until(lambda: len(first(driver).words) > 3 and first(driver).has_focus_within)


async def ask(driver, text):
    """Type a question, and wait for its answers."""
    await driver.press("slash")
    line = driver.screen.query_one("#asked")
    line.value = text
    await line.action_submit()  # whoever has the focus
    await driver.pilot.pause()
    await driver.until(lambda: first(driver).border_subtitle != "reading ...")


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("king", Similar, ("king",)),
        (" king  queen ", Similar, ("king", "queen")),
        ("king - man + woman", Similar, ("king", "-", "man", "+", "woman")),
        ("man woman king", Analogy, ("man", "woman", "king")),
        ("man : woman :: king : ?", Analogy, ("man", "woman", "king")),
        ("king queen man bread", OddOneOut, ("king", "queen", "man", "bread")),
        ("man:woman king:queen", MapVectors, ("man:woman", "king:queen")),
    ],
)
def test_what_a_line_asks(text, kind, words):
    command = understood(text)
    assert (type(command), command.words) == (kind, words)


@pytest.mark.parametrize("text", ["", "  ", "?", ":"])
def test_a_line_without_a_word_asks_nothing(text):
    assert understood(text) is None


def test_a_map_belongs_to_a_question():
    assert mapped(understood("man woman king"), ["queen", "bread"], "bread") == ("man:woman", "king:bread")
    assert mapped(understood("king - man + woman"), ["queen"], "queen") == ("man:king", "woman:queen")
    assert mapped(understood("king + queen"), ["bread", "king"], "bread") == ("king", "queen", "bread")
    assert mapped(understood("a b c d"), [], None) == ("a", "b", "c", "d")


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_newcomer_is_told_how_vectors_are_made(home, size):
    memory.remember({"screen": "words"})

    async def steps(driver):
        await driver.shows("There are no word vectors yet", "train word2vec")

    drive(steps, size)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_golden_parallelogram(plane, monkeypatch, size):
    """Of an analogy, as it looked when a person found it right; the path of the file is that of this test."""
    monkeypatch.chdir(plane.parent)
    memory.remember({"screen": "words", "words": {"sources": ["plane.vec"], "chosen": []}})

    async def steps(driver):
        await driver.shows("Type a word")
        await ask(driver, "man woman king")
        await driver.until(lambda: first(driver).border_subtitle.startswith("plane of"))
        if size == (40, 12):
            await driver.press("m")
        await driver.until(lambda: "queen" in driver.text)
        golden = (GOLDEN / f"words_{size[0]}x{size[1]}.txt").read_text(encoding="utf-8").splitlines()
        # But for the bar of screens and the keys, which others change; columns are fitted once all else is done.
        await driver.until(lambda: driver.text.split("\n")[1:-1] == golden)

    drive(steps, size)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_enter_on_a_neighbour_asks_for_it_and_up_brings_back_what_was_asked(plane, size):
    async def steps(driver):
        await driver.shows("Type a word")
        await ask(driver, "king")
        await driver.until(lambda: first(driver).words[:1] == ["prince"])
        await driver.press("enter")
        await driver.until(lambda: first(driver).words[:1] == ["king"])
        line = driver.screen.query_one("#asked")
        assert line.value == "prince"
        await driver.press("slash", "up")
        assert line.value == "king"
        await driver.press("down")
        assert line.value == "prince"
        await driver.press("down")
        assert driver.screen.focused is not line

    drive(steps, size)
    assert memory.recall()["lines"]["asked"] == ["king", "prince"]


def test_a_sum_the_odd_one_out_and_a_map(plane):
    async def steps(driver):
        await driver.shows("Type a word")
        await ask(driver, "king - man + woman")
        await driver.until(lambda: first(driver).words[:1] == ["queen"])
        await ask(driver, "king queen prince bread")
        await driver.until(lambda: first(driver).words == ["bread", *first(driver).words[1:]] and len(first(driver).words) == 4)
        await ask(driver, "man:woman king:queen")
        await driver.until(lambda: first(driver).words == ["man", "woman", "king", "queen"])
        await driver.shows("● man", "● queen", "woman•")

    drive(steps)
    assert memory.recall()["words"]["chosen"] == ["man", "woman", "king", "queen"]


def test_another_answer_draws_another_parallelogram(plane):
    async def steps(driver):
        await driver.shows("Type a word")
        await ask(driver, "man woman king")
        await driver.until(lambda: len(first(driver).words) == 3)
        await driver.shows("•queen")
        await driver.press("j", "j")
        assert first(driver).current == "bread"
        await driver.until(lambda: driver.text.count("bread") == 2)

    drive(steps)


def test_metric_and_method_are_changed(plane):
    async def steps(driver):
        await driver.shows("Type a word")
        await ask(driver, "king")
        await driver.until(lambda: first(driver).words[:1] == ["prince"])
        cosine = list(first(driver)._scores)
        await driver.press("v")
        await driver.until(lambda: any("near by euclid" in toast for toast in driver.toasts()))
        await driver.until(lambda: first(driver)._scores not in ([], cosine))
        await ask(driver, "man woman king")
        await driver.press("V")
        await driver.until(lambda: any("solved by mul" in toast for toast in driver.toasts()))
        await driver.until(lambda: first(driver)._command.method == "mul" and first(driver).words[:1] == ["queen"])

    drive(steps)


def test_words_are_chosen_for_the_map_and_forgotten(plane):
    async def steps(driver):
        await driver.shows("Type a word")
        await driver.press("escape")
        await driver.act("Chosen words")
        await driver.until(lambda: any("Space chooses" in toast for toast in driver.toasts()))
        await ask(driver, "king")
        await driver.until(lambda: first(driver).words[:1] == ["prince"])
        await driver.press("space", "space")
        await driver.shows("● prince", "● man")
        await driver.until(lambda: driver.text.count("•") == 2)
        await driver.press("c")
        await driver.until(lambda: driver.text.count("•") == 6)
        await driver.press("c")
        await driver.until(lambda: driver.text.count("•") == 2)
        await driver.press("k", "space")
        await driver.until(lambda: "● man" not in driver.text)
        await driver.press("d")
        await driver.until(lambda: "●" not in driver.text)

    drive(steps)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_misspelt_word_is_answered_with_close_spellings(plane, size):
    async def steps(driver):
        await driver.shows("Type a word")
        await ask(driver, "kinng")
        await driver.shows("'kinng' is not in", "king")
        await ask(driver, "king")
        await driver.until(lambda: first(driver).words[:1] == ["prince"])

    drive(steps, size)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_two_sets_side_by_side_are_asked_the_same(runs, size):
    memory.remember({"screen": "words", "lines": {"asked": ["hen"]}})

    async def steps(driver):
        await answered(driver)
        await driver.press("a")
        await driver.shows("Vectors beside these")
        await driver.type("words\n")
        second = driver.screen.query_one("#second")
        await driver.until(lambda: len(second.words) > 3)
        await driver.shows("words")
        assert set(first(driver).words) & set(second.words)
        await driver.until(lambda: first(driver).has_focus_within)
        second.query_one("Table").focus()
        await driver.until(lambda: second.has_focus_within)
        await driver.press("enter")
        await driver.until(lambda: driver.screen.query_one("#asked").value != "hen")
        await driver.press("x")
        await driver.until(lambda: not second.display)

    drive(steps, size)
    assert len(memory.recall()["words"]["sources"]) == 1


def test_another_run_a_file_and_what_is_no_set_of_vectors(runs, plane):
    memory.remember({"screen": "words", "lines": {"asked": ["hen"]}})

    async def steps(driver):
        await answered(driver)
        await driver.press("o")
        await driver.shows("Vectors of words")
        await driver.type("hen\n")
        await driver.shows("'hen' is not in the vocabulary")
        await driver.act("Open a file of vectors")
        await driver.shows("A file of vectors")
        await driver.type(f"{plane}\n")
        await driver.until(lambda: first(driver).source == str(plane))
        await ask(driver, "king")
        await driver.shows("prince")
        driver.app.open_run("words", "gram")
        await driver.shows("gram has no vectors of words: it is a run of ngram.")
        driver.app.open_run("words", "vectors")
        await driver.until(lambda: first(driver).source == "vectors" and first(driver).border_subtitle != "reading ...")
        shutil.rmtree(runs / "vectors")
        await ask(driver, "hen eggs")
        await driver.shows("There is neither a run nor a file")

    drive(steps, (120, 30))


def test_control_characters_of_a_vocabulary_do_not_reach_the_screen(plane):
    plane.write_text("2 2\na\x1b[31m 1 0\nb 1 1\n")

    async def steps(driver):
        await driver.shows("Type a word")
        await ask(driver, "b")
        await driver.shows("a\N{REPLACEMENT CHARACTER}[31m")

    drive(steps)


def test_small_windows_and_every_key_do_no_harm(plane):
    async def steps(driver):
        await driver.shows("Type a word")
        await ask(driver, "king")
        for size in ((20, 5), (200, 60), (1, 1), (40, 12), (80, 24)):
            await driver.pilot.resize_terminal(*size)
            await driver.press("m", "m", "escape", "less_than_sign", "greater_than_sign")
        await driver.shows("prince")
        assert isinstance(driver.screen, Words)

    drive(steps)
