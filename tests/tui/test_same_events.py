"""One command through the command line, the session and the workbench: the same events."""

import json
import re

import pytest

from seqterm.app.parsing import parse
from seqterm.app.session import Session
from seqterm.events import Note, Piece, Progress
from seqterm.repl.talk import Talk
from tests.tui.driving import drive

COMMANDS = [
    "sample hen --prompt the --length 30 --seed 1",
    "sample hen --prompt the --length 10 --seed 1 --choices 3",
    "next words --prompt the --top 3",
    "similar vectors hen --top 3",
    "hmm show hidden --top 2",
    "forecast sold --steps 3",
    "runs compare hen words",
    "watch hen --once",
]


def comparable(objects):
    """Without what takes another time each time."""
    text = json.dumps([one for one in objects if one["event"] != "caught_up"])
    return json.loads(re.sub(r'"(seconds|left)": [\d.e-]+', r'"\1": 0', text))


@pytest.mark.parametrize("line", COMMANDS)
def test_three_faces_give_the_same_events(runs, seqterm, capsys, line):
    shell = seqterm(*line.split(), "--jsonl")
    assert shell.returncode == 0, shell.stderr
    in_shell = [json.loads(row) for row in shell.stdout.splitlines()]

    talk = Talk(Session(holds=True))
    talk.do(f"/{line} --jsonl")
    in_session = [json.loads(row) for row in capsys.readouterr().out.splitlines()]

    found, ended = [], []

    async def steps(driver):
        driver.screen.do(parse(line.split()), found.extend, ended.append)
        await driver.until(lambda: ended)

    drive(steps)
    assert ended == [None]
    in_workbench = json.loads(json.dumps([event.to_json() for event in found if not isinstance(event, Note | Piece | Progress)]))
    assert len(in_shell) > 0
    assert comparable(in_shell) == comparable(in_session) == comparable(in_workbench)
