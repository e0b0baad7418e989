"""A text with a cursor and branches, and how it is wrapped."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from seqterm.events import Changed, Choice
from seqterm.tui import story as module
from seqterm.tui.story import BY_HAND, DRAWN, MARK, PROMPT, Story, Wrapped


def choice(text):
    return Choice(0, text, text, 0.5, 0.5, 1.0, 2, 1.0, [(text, 0.5, 0.5), ("z", 0.25, 0.5)])


def write(story, letters, seed=1):
    """A stretch that a model writes; -> what it continued."""
    before = story.begin("run", seed)
    for letter in letters:
        story.add(choice(letter))
    return before


@pytest.fixture
def story():
    """The prompt "the " and five tokens."""
    made = Story()
    made.start("the ")
    assert write(made, "abcde") == "the "
    return made


def branches(story):
    return [(depth, text) for depth, _, text in story.tree.branches()]


def test_before_anything_there_is_nothing():
    assert (Story().prompt, Story().text, Story().shown, Story().place) == (None, "", None, 0)


def test_a_text_is_its_prompt_and_its_tokens(story):
    assert (story.prompt, story.text, len(story), story.shown.text) == ("the ", "the abcde", 5, "e")


def test_stepping_back_and_on_goes_over_tokens(story):
    story.back()
    story.back()
    assert (story.text, story.place, story.shown.text) == ("the abc", 3, "c")
    assert [story.on(), story.on(), story.on()] == [True, True, False]
    assert (story.text, story.cursor) == ("the abcde", None)


def test_nothing_is_before_the_first_token(story):
    for _ in range(9):
        story.back()
    assert (story.place, story.text, story.shown) == (0, "the ", None)


def test_what_is_written_after_a_step_back_is_another_branch(story):
    story.cursor = 2
    assert write(story, "xy") == "the ab"
    assert story.text == "the abxy"
    assert branches(story) == [(0, "the ab"), (1, "cde"), (1, "xy")]


def test_at_the_beginning_of_a_stretch_nothing_is_cut(story):
    write(story, "fg")
    story.cursor = 5
    write(story, "x")
    assert branches(story) == [(0, "the abcde"), (1, "fg"), (1, "x")]


def test_at_the_prompt_another_text_begins(story):
    story.cursor = 0
    assert write(story, "x") == "the "
    assert branches(story) == [(0, "the "), (1, "abcde"), (1, "x")]


def test_a_cut_through_an_earlier_stretch_keeps_what_follows(story):
    write(story, "fgh")
    story.cursor = 3
    write(story, "x")
    assert branches(story) == [(0, "the abc"), (1, "defgh"), (1, "x")]
    node = next(node for _, node, text in story.tree.branches() if text == "defgh")
    story.go(node)
    assert (story.text, [token.text for token in story.tokens]) == ("the abcdefgh", list("abcdefgh"))


def test_a_token_by_hand_stands_where_another_stood(story):
    story.cursor = 3
    story.pick("z", "z", "run")
    assert (story.text, story.shown.kind, story.shown.choice.token) == ("the abz", BY_HAND, "z")
    assert (story.shown.choice.probability, story.shown.choice.chance) == (0.25, 0.5)
    write(story, "x")
    assert branches(story) == [(0, "the ab"), (1, "cde"), (1, "zx")]
    story.cursor = 3
    write(story, "y")
    assert branches(story) == [(0, "the ab"), (1, "cde"), (1, "z"), (2, "x"), (2, "y")]


def test_a_prompt_that_was_there_before_is_gone_on_with(story):
    story.start("a ")
    story.start("the ")
    write(story, "x")
    assert branches(story) == [(0, "the "), (1, "abcde"), (1, "x"), (0, "a ")]


def test_the_prompt_is_gone_back_to(story):
    write(story, "fg")
    story.restart()
    assert story.text == "the "


def test_settings_that_change_mark_the_next_token_once(story):
    story.mark(Changed(5, "temperature", 0.5))
    story.mark(Changed(5, "temperature", 0.75))
    story.mark(Changed(5, "top_k", None))
    story.add(choice("f"))
    story.add(choice("g"))
    assert [token.marks for token in story.tokens[-2:]] == [{"temperature": "0.75", "top_k": "off"}, {}]


def test_only_the_last_tokens_remember_what_they_were_drawn_from(story, monkeypatch):
    monkeypatch.setattr(module, "KEPT", 3)
    story.add(choice("f"))
    story.add(choice("g"))
    assert [token.choice is None for token in story.tokens] == [False, False, True, True, False, False, False]


def test_what_is_forgotten_is_gone_from_the_beginning(story, monkeypatch):
    monkeypatch.setattr(module, "LEFT", 3)
    write(story, "fg")
    story.forget()
    assert (story.text, len(story), story.forgotten, story.begun) == ("efg", 3, 4, "the ")
    assert write(story, "hi", seed=2) == "efg"
    story.cursor = 4
    write(story, "x")
    assert branches(story) == [(0, "efgh"), (1, "i"), (1, "x")]
    story.forget()
    assert (story.text, story.forgotten) == ("ghx", 6)
    story.restart()
    assert (story.text, story.forgotten) == ("the ", 0)


actions = st.one_of(st.tuples(st.just("write"), st.text("abc", max_size=4)), st.tuples(st.just("cursor"), st.integers(0, 12)))


@given(st.lists(actions, max_size=12))
def test_whatever_is_done_texts_are_what_their_tokens_say(done):
    story, shown = Story(), []
    story.start("> ")
    for action, value in done:
        if action == "cursor":
            story.cursor = value if value < len(story) else None
        else:
            before = story.text
            assert write(story, value) == before
            assert story.text == before + value
            shown.append(story.text)
    for text in shown:  # nothing is lost
        assert any(node.text.startswith(text) for _, node, _ in story.tree.branches())
    for _, node, _ in story.tree.branches():
        story.go(node)
        assert story.text == node.text


# Wrapping


def lines(wrapped):
    return ["".join(letter for letter, _, _ in line) for line in wrapped.lines]


def test_lines_end_between_words():
    wrapped = Wrapped(10)
    wrapped.add("the red hen has", PROMPT, -1)
    wrapped.add(" two eggs\nand more", DRAWN, 0)
    assert lines(wrapped) == ["the red ", "hen has ", "two eggs\n", "and more"]


def test_a_word_without_room_is_cut():
    wrapped = Wrapped(4)
    wrapped.add("abcdefghi", DRAWN, 0)
    assert lines(wrapped) == ["abcd", "efgh", "i"]


def test_a_mark_stands_before_its_token(story):
    story.mark(Changed(5, "top_k", 3))
    story.add(choice("f"))
    wrapped = Wrapped(40)
    for number, token in enumerate(story.tokens):
        wrapped.add_token(number, token)
    assert lines(wrapped) == ["abcde⟨top-k 3⟩f"]
    assert [kind for _, kind, _ in wrapped.lines[0]] == [DRAWN] * 5 + [MARK] * 9 + [DRAWN]


def test_control_characters_do_not_reach_the_terminal():
    wrapped = Wrapped(40)
    wrapped.add("a\x1b[31m\tb\udcff", DRAWN, 0)
    assert lines(wrapped) == ["a\N{REPLACEMENT CHARACTER}[31m    b\N{REPLACEMENT CHARACTER}"]


@given(st.lists(st.text("ab 字\n", max_size=8)), st.integers(2, 9))
def test_wrapping_piece_by_piece_loses_nothing_and_keeps_the_width(pieces, width):
    wrapped, whole = Wrapped(width), Wrapped(width)
    for number, piece in enumerate(pieces):
        wrapped.add(piece, DRAWN, number)
    whole.add("".join(pieces), DRAWN, 0)
    assert lines(wrapped) == lines(whole)
    assert "".join(lines(wrapped)) == "".join(pieces)
    assert all(cell_len(line.rstrip(" \n")) <= width for line in lines(wrapped))
    numbers = [number for line in wrapped.lines for _, _, number in line]
    assert all(one <= other for one, other in pairwise(numbers))
