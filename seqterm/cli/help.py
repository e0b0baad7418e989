"""`seqterm help`: a command's own help, or a topic; and all of it as a manual page."""

from collections.abc import Iterator

import click
from click.shell_completion import CompletionItem

from seqterm.app.arguments import nearest
from seqterm.app.topics import TOPICS, Topic
from seqterm.errors import UsageError
from seqterm.faces import output
from seqterm.faces.names import next_words

WIDTH = 80


def commands(group: click.Group, parent: click.Context) -> Iterator[tuple[tuple[str, ...], click.Context]]:
    """(words, context) of every command and group beneath a group."""
    for name, command in group.commands.items():
        context = click.Context(command, info_name=name, parent=parent)
        yield (name,), context
        if isinstance(command, click.Group):
            yield from (((name, *words), inner) for words, inner in commands(command, context))


def topic_text(topic: Topic) -> str:
    formatter = click.HelpFormatter(width=WIDTH)
    for paragraph in (topic.summary, *topic.paragraphs):
        formatter.write_text(paragraph)
        formatter.write_paragraph()
    formatter.write_dl(topic.entries, col_max=30)
    return formatter.getvalue()


def _all(root: click.Context) -> str:
    """The program's help, and the names of topics."""
    formatter = click.HelpFormatter(width=WIDTH)
    with formatter.section("Topics of `seqterm help`"):
        formatter.write_dl([(name, topic().summary) for name, topic in TOPICS.items()])
    return f"{root.get_help()}\n\n{formatter.getvalue()}"


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    root = ctx.find_root()
    assert isinstance(root.command, click.Group)
    phrases = [*(words for words, _ in commands(root.command, root)), *((name,) for name in TOPICS)]
    names = next_words(phrases, ctx.params.get(param.name or ""))
    return [CompletionItem(name) for name in sorted(names) if name.startswith(incomplete)]


@click.command(name="help")
@click.argument("topic", nargs=-1, metavar="[COMMAND...|TOPIC]", shell_complete=_complete)
@click.option("--man", is_flag=True, help="All of it, as a manual page: seqterm help --man > seqterm.1")
@click.pass_context
def help_command(ctx: click.Context, topic: tuple[str, ...], man: bool) -> None:
    """Explain a command or a topic."""
    root = ctx.find_root()
    assert isinstance(root.command, click.Group)
    if man:
        if topic:
            raise UsageError("--man is all of the help: leave the topic out.")
        from seqterm.cli.manual import manual

        output.write(manual(root.command))
        return
    contexts = dict(commands(root.command, root))
    name = " ".join(topic)
    if not topic:
        output.write(_all(root))
    elif topic in contexts:
        output.write(contexts[topic].get_help() + "\n")
    elif name in TOPICS:
        output.write(topic_text(TOPICS[name]()))
    else:
        raise UsageError(f"There is no help on {name!r}{nearest(name, [*map(' '.join, contexts), *TOPICS])}")
