"""The texts that come with seqterm."""

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from seqterm.text.corpus import ALL, bundled

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "corpora").glob("*.txt"))
WORDS = 8


def words(path):
    """Words without case and punctuation."""
    return re.findall(r"[\w']+", path.read_text("utf-8").lower())


def test_there_are_several_files_of_200_kilobytes_together():
    assert len(FILES) > 1
    assert sum(path.stat().st_size for path in FILES) >= 200_000


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_text_is_plain(path):
    text = path.read_bytes().decode("ascii")
    assert text.endswith("\n")
    assert set(text) - set(map(chr, range(32, 127))) == {"\n"}
    assert not re.search(r"[ \t]+\n", text)


def test_nothing_is_said_over_and_over():
    runs = Counter()
    for path in FILES:
        found = words(path)
        runs.update(tuple(found[i : i + WORDS]) for i in range(len(found) - WORDS + 1))
    run, times = runs.most_common(1)[0]
    assert times <= 5, " ".join(run)


def test_the_text_does_not_compress_like_a_template():
    text = b"".join(path.read_bytes() for path in FILES)
    assert len(gzip.compress(text, 9)) >= 0.30 * len(text)


def test_the_readme_names_every_corpus_and_gives_it_away():
    readme = (ROOT / "corpora" / "README.md").read_text("utf-8")
    assert [name for name in bundled() if f"`{name}`" not in readme] == []
    assert "CC0" in readme


def test_bundled_names_are_the_files_of_the_checkout():
    assert bundled() == {ALL: FILES, **{path.stem: [path] for path in FILES}}


def test_an_installed_package_finds_the_texts_inside_itself(tmp_path):
    packed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    for package in packed["packages"]:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    for source, target in packed["force-include"].items():
        shutil.copytree(ROOT / source, tmp_path / target)
    script = "import json, seqterm.text.corpus as c; print(json.dumps({k: list(map(str, v)) for k, v in c.bundled().items()}))"
    result = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        check=True,
    )
    inside = tmp_path / "seqterm" / "corpora"
    assert json.loads(result.stdout) == {name: [str(inside / path.name) for path in paths] for name, paths in bundled().items()}
