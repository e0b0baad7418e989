"""The workbench in a browser, through textual's server."""

import asyncio
import os
import sys
import time

import pytest

from seqterm.tui import memory
from tests.tui.browser import PATIENCE, chromium, served, visit

pytest.importorskip("textual_serve", reason="the workbench in a browser needs textual-serve")


@pytest.mark.skipif(chromium() is None, reason="there is no Chromium here")
def test_the_workbench_works_in_a_browser(home, tmp_path):
    """Its keys arrive, and leaving ends its process in order."""
    environment = {**os.environ, "SEQTERM_HOME": str(home)}

    async def steps(page):
        end = time.monotonic() + PATIENCE
        while not await page.value("document.body.classList.contains('-first-byte')"):
            assert time.monotonic() < end, "nothing was painted"
            await asyncio.sleep(0.1)
        await page.value("document.querySelector('textarea').focus()")
        await page.press("F9", 120)  # the next theme
        await page.press("F10", 121)
        while not memory.memory_path().exists():
            assert time.monotonic() < end, "the keys did not arrive"
            await asyncio.sleep(0.1)

    with served(f"{sys.executable} -m seqterm tui", tmp_path, environment) as port:
        visit(f"http://127.0.0.1:{port}", tmp_path, steps)
    assert memory.recall()["theme"] == "textual-light"
