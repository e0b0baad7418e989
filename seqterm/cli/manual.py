"""The manual page, in roff (man(7)), from the commands and their options as Click knows them, and from the topics."""

import inspect
import re
from collections.abc import Iterator

import click

import seqterm
from seqterm.app.topics import TOPICS
from seqterm.cli.help import commands


def escape(text: str) -> str:
    """Words as they are: nothing is a request, a dash is a dash that can be typed."""
    text = (
        text.replace("\\", "\\e")
        .replace("-", "\\-")
        .replace("'", "\\(aq")
        .replace("`", "\\(ga")
        .replace("^", "\\(ha")
        .replace("~", "\\(ti")
    )
    return re.sub(r"^(?=\.)", r"\\&", text, flags=re.MULTILINE)


def _text(text: str) -> Iterator[str]:
    """Paragraphs; what \\b keeps as it is stays so."""
    for paragraph in re.split(r"\n\s*\n|\n(?=\x08)", inspect.cleandoc(text)):
        if paragraph.startswith("\b"):
            yield from (".PP", ".nf", escape(paragraph.lstrip("\b\n")), ".fi")
        else:
            yield from (".PP", escape(" ".join(paragraph.split())))


def _entry(term: str, text: str) -> Iterator[str]:
    yield from (".TP", f"\\fB{escape(term)}\\fR", escape(" ".join(text.split())))


def _command(context: click.Context) -> Iterator[str]:
    """A subsection: how it is called, what it does, its options by their headings."""
    usage = " ".join(context.command.collect_usage_pieces(context))
    yield f'.SS "{escape(context.command_path)}"'
    yield f"\\fB{escape(context.command_path)}\\fR {escape(usage)}"
    yield from _text(context.command.help or "")
    for parameter in context.command.get_params(context):
        record = parameter.get_help_record(context)
        if record and parameter.name != "help":
            yield from _entry(*record)


def manual(program: click.Group) -> str:
    """Everything; `seqterm help` shows it in parts."""
    root = click.Context(program, info_name="seqterm")
    lines = [
        f'.TH SEQTERM 1 "" "seqterm {escape(seqterm.__version__)}" "User Commands"',
        ".SH NAME",
        "seqterm \\- sequence models in the terminal",
        ".SH SYNOPSIS",
        "\\fBseqterm\\fR COMMAND [OPTIONS] [ARGUMENTS]",
        ".SH DESCRIPTION",
        *_text(program.help or ""),
        ".SH COMMANDS",
    ]
    for _, context in commands(program, root):
        lines += _command(context)
    for name, topic in TOPICS.items():
        found = topic()
        lines.append(f'.SH "{escape(name.upper().replace("-", " "))}"')
        for paragraph in (found.summary, *found.paragraphs):
            lines += _text(paragraph)
        for term, text in found.entries:
            lines += _entry(term, text)
    return "\n".join(lines) + "\n"
