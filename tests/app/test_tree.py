"""Texts and what continues what."""

import pytest

from seqterm.app.tree import Tree
from seqterm.errors import UsageError


@pytest.fixture
def tree():
    """the red hen, and after it: has eggs; or: is white."""
    made = Tree()
    red = made.grow(made.root, "", "the ", "red hen", "run", 1)
    made.grow(red, red.text, "", " has eggs", "run", 2)
    made.grow(red, red.text, " is", " white", "run", 3)
    return made


def test_a_text_is_cut_where_another_goes_on(tree):
    red = tree.node(1)
    rest = tree.split(red, len("red "))
    assert (red.text, rest.text, rest.parent) == ("the red ", "the red hen", red)
    assert red.children == [rest]
    assert [child.text for child in rest.children] == ["the red hen has eggs", "the red hen is white"]
    assert {child.parent for child in rest.children} == {rest}


def test_the_current_text_stays_the_same_where_it_is_cut(tree):
    tree.go(1)
    rest = tree.split(tree.node(1), 1)
    assert tree.current is rest
    assert tree.current.text == "the red hen"


def test_another_text_stays_the_current_one(tree):
    before = tree.current
    tree.split(tree.node(1), 1)
    assert tree.current is before


def test_branches_say_once_what_they_share(tree):
    tree.split(tree.node(1), 2)
    assert [(depth, text) for depth, _, text in tree.branches()] == [(0, "the red hen"), (1, " has eggs"), (1, " is white")]
    assert [node.text for _, node, _ in tree.branches()] == ["the red hen", "the red hen has eggs", "the red hen is white"]


def test_an_empty_tree_has_no_branches():
    assert list(Tree().branches()) == []


def test_a_number_that_is_not_there_is_an_error(tree):
    with pytest.raises(UsageError, match="There is no text 9"):
        tree.node(9)
