"""Where runs live, and what a run is called."""

import os
import re
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest

from seqterm.errors import DataError
from seqterm.store import home as places
from seqterm.store.home import existing_run, new_run_path, run_name, run_path, runs_folder


def test_the_environment_names_the_home(home):
    assert places.home() == home
    assert runs_folder() == home / "runs"


@pytest.mark.parametrize("change", [lambda env: env.delenv("SEQTERM_HOME"), lambda env: env.setenv("SEQTERM_HOME", "")])
def test_without_it_home_is_the_platforms_data_folder(monkeypatch, change):
    change(monkeypatch)
    assert places.home() == Path(platformdirs.user_data_dir("seqterm"))


def test_a_bare_name_is_a_run_in_the_home(home):
    assert run_path("hen") == home / "runs" / "hen"


@pytest.mark.parametrize("run", ["./hen", "a/hen", "/a/hen", "../hen", "."])
def test_what_looks_like_a_path_is_one(run):
    assert run_path(run) == Path(run)


def test_a_bare_name_that_is_here_is_meant(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hen").mkdir()
    assert run_path("hen").resolve() == tmp_path.resolve() / "hen"


@pytest.mark.parametrize("run", ["hen", "a/hen", "./hen", "../hen"])
def test_the_name_of_a_run_leads_back_to_it(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = run_path(run)
    path.mkdir(parents=True)
    assert run_path(run_name(path)) == path


def test_a_run_in_the_home_goes_by_its_bare_name(home):
    assert run_name(home / "runs" / "hen") == "hen"


def test_a_run_in_the_home_goes_by_its_path_where_its_name_is_taken_here(home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hen").mkdir()
    assert run_name(home / "runs" / "hen") == str(home / "runs" / "hen")


def test_a_run_that_is_there_is_found(tiny_run):
    assert existing_run(str(tiny_run)) == tiny_run


def test_a_folder_that_is_no_run_is_named_with_the_way_to_see_runs(tmp_path):
    with pytest.raises(DataError, match=f"no run at {tmp_path}: `seqterm runs list`"):
        existing_run(str(tmp_path))


def test_made_up_names_can_be_read_and_typed(home):
    names = {new_run_path("lstm").name for _ in range(50)}
    assert len(names) > 1
    assert all(re.fullmatch(r"lstm-[a-z]+-[a-z]+-\d{4}", name) for name in names)
    assert new_run_path("gru").parent == home / "runs"


def test_a_name_is_found_though_all_have_been_taken(home):
    script = """
from datetime import date
from seqterm.store import home
for adjective in home.ADJECTIVES.split():
    for noun in home.NOUNS.split():
        (home.runs_folder() / f"lstm-{adjective}-{noun}-{date.today():%m%d}").mkdir(parents=True)
path = home.new_run_path("lstm")
assert not path.exists(), path
"""
    subprocess.run([sys.executable, "-c", script], env={**os.environ, "SEQTERM_HOME": str(home)}, timeout=10, check=True)
