"""Forecasts as a person asks for them: in pipes, on a terminal, from standard input."""

import csv
import json
import re
import subprocess

import pytest

from tests.cli.program import PROGRAM, json_events, rest_of_screen, stderr_lines
from tests.conftest import wave

USAGE, DATA = 2, 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("forecasts")
    wave(path / "wave.csv")
    return path


@pytest.fixture(scope="module")
def trained(folder):
    """What fitting runs/wave writes."""
    words = ["train", "ar", "wave.csv", "--seasonal", "12", "--max-lags", "4", "--criterion", "bic", "-o", "runs/wave"]
    (folder / "runs").mkdir()
    return subprocess.run([*PROGRAM, *words], cwd=folder, capture_output=True, check=True)


@pytest.fixture
def ask(seqterm, folder, trained):
    return lambda *words, **details: seqterm(*words, cwd=folder, **details)


def rows(done):
    return list(csv.DictReader(done.stdout.decode().splitlines()))


def test_fitting_prints_tables_to_standard_error_and_the_run_to_standard_output(trained):
    assert trained.stdout == b"runs/wave\n"
    notes = trained.stderr.decode()
    assert re.search(r"^runs/wave: ar, \d+ parameters, 87 rows to train on, 9 held out, 1 steps$", notes, re.M)
    for wanted in ("chosen by BIC", "AIC ", "season 12", "lag 1 ", "95 % interval", "modulus", "Ljung-Box", "seasonal naive, 12"):
        assert wanted in notes


def test_csv_on_standard_output_errors_beside_it(ask):
    done = ask("forecast", "runs/wave", "--steps", "3")
    assert [list(row) for row in rows(done)] == [["step", "month", "forecast", "lower", "upper"]] * 3
    assert [row["month"] for row in rows(done)] == ["2008-01", "2008-02", "2008-03"]
    assert all(float(row["lower"]) < float(row["forecast"]) < float(row["upper"]) for row in rows(done))
    assert any(line.startswith("naive") for line in stderr_lines(done))
    assert "⢕" not in done.stderr.decode()


def test_quiet_is_the_answer_alone(ask):
    done = ask("forecast", "runs/wave", "--quiet")
    assert (len(rows(done)), done.stderr) == (12, b"")
    assert ask("forecast", "runs/wave", "--quiet", "--compare").stderr == b""


def test_comparison_side_by_side(ask):
    found = rows(ask("forecast", "runs/wave", "--compare"))
    assert list(found[0]) == ["step", "month", "actual", "one_step", "multi_step", "lower", "upper"]
    assert [row["month"] for row in found] == [f"2007-{month:02}" for month in range(4, 13)]


def test_json_and_json_lines_hold_the_same(ask):
    whole = json.loads(ask("forecast", "runs/wave", "--steps", "2", "--json").stdout)
    assert (whole["column"], whole["rows"], len(whole["forecast"]), len(whole["errors"])) == ("sold", 96, 2, 3)
    events = json_events(ask("forecast", "runs/wave", "--steps", "2", "--jsonl").stdout)
    assert [event["event"] for event in events] == ["history", *["forecast_point"] * 2, *["forecast_errors"] * 3]
    points = [{name: value for name, value in event.items() if name != "event"} for event in events[1:3]]
    assert points == whole["forecast"]


def test_standard_input_is_gone_on_from(ask, folder):
    data = (folder / "wave.csv").read_bytes()
    piped = ask("forecast", "runs/wave", "-", "--quiet", input=data)
    assert piped.stdout == ask("forecast", "runs/wave", "--quiet").stdout
    assert ask("train", "ar", "-", "--lags", "2", "-q", "-o", "runs/piped", input=data).returncode == 0


def test_a_column_whose_name_needs_quotes(seqterm, tmp_path):
    data = '"when, in all","x ""y"""\n' + "".join(f"2000-01-{day:02},{day % 7}\n" for day in range(1, 30))
    (tmp_path / "data.csv").write_text(data)
    assert seqterm("train", "ar", "data.csv", "--column", 'x "y"', "--lags", "2", "-o", "./run", cwd=tmp_path).returncode == 0
    assert "when, in all" in rows(seqterm("forecast", "./run", "--steps", "1", cwd=tmp_path))[0]


def test_the_chart_is_drawn_where_it_is_asked_for(ask):
    done = ask("forecast", "runs/wave", "--chart")
    notes = done.stderr.decode()
    assert "sold ⠒⠒ real  ⠒⠒ forecast  ⢕⢕ 95% interval" in notes
    assert "2008-12" in notes.splitlines()[-1]
    assert done.stdout == ask("forecast", "runs/wave").stdout
    assert "one step ahead" in ask("forecast", "runs/wave", "--chart", "--compare").stderr.decode()


def test_a_terminal_shows_the_chart(terminal, folder, trained):
    screen, code = rest_of_screen(terminal("forecast", folder / "runs/wave"))
    assert code == 0
    assert "⢕" in screen.decode()
    screen, _ = rest_of_screen(terminal("forecast", folder / "runs/wave", "--no-chart"))
    assert "⢕" not in screen.decode()


def test_a_terminal_shows_the_table_of_a_fit_and_the_course_of_a_training(terminal, folder, home):
    screen, code = rest_of_screen(terminal("train", "ar", folder / "wave.csv", "--lags", "2"))
    assert code == 0
    assert "coefficient" in screen.decode()
    assert "╭" not in screen.decode()
    screen, code = rest_of_screen(terminal("train", "mlp-ar", folder / "wave.csv", "--epochs", "3"))
    assert code == 0
    assert "rows/s" in screen.decode()
    assert "seasonal naive" in screen.decode()


@pytest.mark.parametrize(("words", "hidden"), [(["10", "10"], [10, 10]), (["4", "--hidden", "5"], [4, 5])])
def test_layers_are_given_in_one_go(seqterm, folder, tmp_path, words, hidden):
    run = tmp_path / "run"
    done = seqterm("train", "mlp-ar", "wave.csv", "--hidden", *words, "--epochs", "1", "-o", run, cwd=folder)
    assert done.returncode == 0
    assert json.loads((run / "config.json").read_bytes())["model_settings"]["hidden"] == hidden


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--lags", "0"], USAGE, "--lags must be at least 1"),
        (["--lags", "99"], DATA, "99 lags"),
        (["--column", "none"], DATA, "no column 'none'; it has 'month', 'sold'"),
    ],
)
def test_bad_settings_are_one_sentence(seqterm, folder, tmp_path, words, code, message):
    done = seqterm("train", "ar", "wave.csv", *words, "-o", tmp_path / "run", cwd=folder)
    assert (done.returncode, done.stdout) == (code, b"")
    assert message in stderr_lines(done)[-1]
    assert "Traceback" not in done.stderr.decode()
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("sold\n1\nNaN\n", "row 3, column 'sold'"),
    ],
)
def test_bad_data_is_one_sentence(seqterm, tmp_path, text, message):
    (tmp_path / "bad.csv").write_text(text)
    done = seqterm("train", "ar", "bad.csv", "-o", "./run", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (DATA, b"")
    assert message in stderr_lines(done)[-1]
    assert not (tmp_path / "run").exists()


def test_a_closed_pipe_ends_quietly(ask, folder):
    line = f"{PROGRAM[0]} -m seqterm forecast runs/wave --steps 5000 --quiet | head -2"
    done = subprocess.run(line, shell=True, cwd=folder, capture_output=True, timeout=60, check=False)
    assert (len(done.stdout.splitlines()), done.stderr) == (2, b"")
