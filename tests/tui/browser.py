"""The workbench in a browser: a server as `textual serve` starts it, and Chromium without a screen, told what to press."""

import asyncio
import contextlib
import json
import shutil
import socket
import subprocess
import sys
import time

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--remote-debugging-port=0", "--window-size=1000,700"]  # fmt: skip
SERVE = "import sys; from textual_serve.server import Server; Server(sys.argv[1], port=int(sys.argv[2])).serve()"
PATIENCE = 60.0  # seconds


def chromium():
    """The browser's path, or None where there is none."""
    return next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextlib.contextmanager
def process(words, **details):
    """One that is ended with the block."""
    child = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **details)
    try:
        yield child
    finally:
        child.terminate()
        child.wait(30)


def wait(condition):
    """-> what condition() gives, once that is something."""
    end = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.1)
    return found


def listens(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


class Page:
    """A tab, spoken to in Chromium's own protocol."""

    def __init__(self, socket):
        self._socket, self._number = socket, 0

    async def ask(self, method, **parameters):
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        while True:
            answer = json.loads((await asyncio.wait_for(self._socket.receive(), PATIENCE)).data)
            if answer.get("id") == self._number:
                return answer["result"]

    async def press(self, key, code):
        """key: its name in the browser; code: of a Windows keyboard."""
        for kind in ("keyDown", "keyUp"):
            await self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)

    async def value(self, expression):
        return (await self.ask("Runtime.evaluate", expression=expression))["result"].get("value")


@contextlib.contextmanager
def served(command, folder, env):
    """The port at which the command is served."""
    port = free_port()
    with process([sys.executable, "-c", SERVE, command, str(port)], cwd=folder, env=env):
        wait(lambda: listens(port))
        yield port


def visit(address, folder, steps):
    """Run `async def steps(page)` in a browser that has opened the address."""
    import aiohttp

    profile = folder / "profile"

    async def go():
        async with aiohttp.ClientSession() as session:
            port = int((profile / "DevToolsActivePort").read_text().split()[0])
            async with session.get(f"http://127.0.0.1:{port}/json") as answer:
                (target,) = [one for one in await answer.json() if one["type"] == "page"]
            async with session.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0) as connection:
                await steps(Page(connection))

    with process([chromium(), *FLAGS, f"--user-data-dir={profile}", address]):
        wait(lambda: (profile / "DevToolsActivePort").exists())
        wait(lambda: (profile / "DevToolsActivePort").read_text().strip())
        asyncio.run(go())
