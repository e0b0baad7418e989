"""A run is a folder: config.json, vocabulary.json, tokens.bin, checkpoints/, state.json, events.jsonl, samples.jsonl.

A file that is replaced is replaced whole, and a checkpoint counts once state.json names it, so a crash at any moment
leaves a run that can go on.  state.json holds checksums of everything that a model is rebuilt from.
"""

import hashlib
import os
import secrets
import shlex
import shutil
from pathlib import Path
from typing import Any

import numpy.typing as npt
import orjson
import portalocker
import safetensors
import safetensors.numpy

from seqterm.errors import DataError, SeqtermError, UsageError
from seqterm.events import Event
from seqterm.store.files import json_line, parse_json, read_bytes, read_json_lines, write_json
from seqterm.store.home import run_name
from seqterm.store.tensors import map_tensors, write_tensors

FORMAT_VERSION = 2  # 1 had the output layer's weights the other way round
LOCK_SECONDS = 0.5
EXCLUSIVE, SHARED = (kind | portalocker.LOCK_NB for kind in (portalocker.LOCK_EX, portalocker.LOCK_SH))
LEFTOVERS = {
    "lock",
    "stop",
    "checkpoints",
    "tokens.bin",
    "validation.bin",
    "series.bin",
    "corpus.txt",
}  # of a training that was killed at its start
STATE = {"last": str, "best": str | None, "complete": bool, "counters": dict, "checksums": dict}  # what state.json holds
Array = npt.NDArray[Any]
Checkpoint = tuple[dict[str, Array], dict[str, Any]]


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class RunFolder:
    """One run on disk.  Reading needs no lock; whoever writes calls `lock` first."""

    def __init__(self, path: Path):
        self.path = path
        self.name = run_name(path)
        self.quoted = shlex.quote(self.name)  # as a person types it
        self.events_path, self.samples_path = path / "events.jsonl", path / "samples.jsonl"
        self._lock = portalocker.Lock(path / "lock", "ab", LOCK_SECONDS, LOCK_SECONDS / 10, flags=EXCLUSIVE)
        self._digests: dict[str, str] = {}
        self.keep = 0  # checkpoints before the last that stay, besides the best

    @classmethod
    def create(cls, path: Path) -> "RunFolder":
        """Make an empty folder, or take one that is there and empty."""
        cls.check_free(path)
        try:
            path.mkdir(parents=True, exist_ok=True)
            (path / "checkpoints").mkdir(exist_ok=True)
        except OSError as error:
            raise SeqtermError(f"Cannot make the folder {path}: {error.strerror}; name another with -o.") from error
        return cls(path)

    @staticmethod
    def check_free(path: Path) -> None:
        """UsageError where a new run cannot have this folder."""
        found = {entry.name for entry in path.iterdir()} if path.is_dir() else set()
        if "config.json" in found:
            raise UsageError(f"{path} is a run already: name another with -o, or remove it (`seqterm runs rm`).")
        if not found <= LEFTOVERS:
            raise UsageError(f"{path} is a folder with files in it already: name another with -o.")

    # One writer

    def lock(self) -> None:
        """Until `unlock` or the end of the process this is the only writer; waits a moment, as `is_locked` may be looking."""
        try:
            self._lock.acquire()
        except portalocker.AlreadyLocked as error:
            raise SeqtermError(
                f"Another process is training {self.name}: wait for it, or `seqterm stop {self.quoted}`."
            ) from error
        except portalocker.LockException as error:
            raise SeqtermError(f"The file system of {self.path} has no locks: put the run on another one.") from error

    def unlock(self) -> None:
        self._lock.release()

    def is_locked(self) -> bool:
        """Whether some process is training the run now; False where that cannot be known."""
        try:
            with (self.path / "lock").open("rb") as file:  # opened, never made: a folder may be read-only, or going away
                portalocker.lock(file, SHARED)
        except portalocker.AlreadyLocked:
            return True
        except (OSError, portalocker.LockException):
            return False
        return False

    @property
    def _stop_file(self) -> Path:
        return self.path / "stop"

    def request_stop(self) -> None:
        """Ask the process that trains this run to save and end."""
        self._stop_file.touch()

    def stop_requested(self) -> bool:
        return self._stop_file.exists()

    def clear_stop(self) -> None:
        self._stop_file.unlink(missing_ok=True)

    # What a model is rebuilt from

    def write_description(self, config: dict[str, Any], vocabulary: dict[str, Any] | None) -> None:
        """config.json and, for models of text, vocabulary.json, once, at the start."""
        config = {"format_version": FORMAT_VERSION, **config}
        for name, values in (("vocabulary.json", vocabulary), ("config.json", config)):
            if values is not None:
                self._digests[name] = _digest(write_json(self.path / name, values))

    def read_description(self) -> tuple[dict[str, Any], dict[str, Any] | None]:
        """config and vocabulary, if there is one, checked against the checksums of state.json."""
        config = self._read_checked("config.json")
        version = config.get("format_version") if isinstance(config, dict) else None
        if not isinstance(version, int):
            raise DataError(f"{self.path / 'config.json'} is damaged: it has no format_version.")
        if version > FORMAT_VERSION:
            raise DataError(
                f"{self.name} has format {version}, of a newer seqterm; this one reads up to {FORMAT_VERSION}: upgrade seqterm."
            )
        if version < FORMAT_VERSION:
            raise DataError(f"{self.name} has format {version}, of an older seqterm, which this one cannot read: train it again.")
        has_vocabulary = "vocabulary.json" in self.read_state()["checksums"]
        return config, self._read_checked("vocabulary.json") if has_vocabulary else None

    def _read_checked(self, name: str) -> Any:
        path = self.path / name
        data = read_bytes(path)
        values = parse_json(data, path)
        newer = (
            isinstance(values, dict)
            and isinstance(values.get("format_version"), int)
            and values["format_version"] > FORMAT_VERSION
        )
        if not newer and _digest(data) != self.read_state()["checksums"].get(name):
            raise DataError(f"{path} was changed or damaged since it was written: its checksum does not fit.")
        return values

    def read_state(self) -> dict[str, Any]:
        """state.json: names of the `last` and `best` checkpoints, counters, checksums, whether training is `complete`."""
        path = self.path / "state.json"
        if not path.exists():
            raise DataError(
                f"{self.name} has no checkpoint yet: its training was cut off before the first; remove it and train again."
            )
        state = parse_json(read_bytes(path), path)
        for name, kinds in STATE.items():
            if not (isinstance(state, dict) and isinstance(state.get(name, ...), kinds)):
                raise DataError(f"{path} is damaged: {name} is missing or of a wrong kind.")
        return state

    # Checkpoints

    def save_checkpoint(self, step: int, tensors: dict[str, Array], counters: dict[str, Any], best: bool, complete: bool) -> str:
        """Write checkpoints/STEP.safetensors, then name it in state.json, then remove what that does not name."""
        name = f"{step}.safetensors"
        state = self.read_state() if (self.path / "state.json").exists() else {"checksums": self._digests}
        metadata = {"counters": orjson.dumps(counters, option=orjson.OPT_SERIALIZE_NUMPY).decode()}
        if name not in state["checksums"]:  # a checkpoint that state.json names is never written again
            state["checksums"][name] = write_tensors(self.path / "checkpoints" / name, tensors, metadata)
        best_name = name if best else state.get("best")
        earlier = [other for other in (*state.get("kept", []), state.get("last")) if other not in (None, name)]
        earlier = list(dict.fromkeys(earlier))[-self.keep :] if self.keep else []
        kept = {name, best_name, *earlier}
        checksums = {key: value for key, value in state["checksums"].items() if key in kept or key.endswith(".json")}
        state = {
            "last": name,
            "best": best_name,
            "kept": earlier,
            "complete": complete,
            "counters": counters,
            "checksums": checksums,
        }
        write_json(self.path / "state.json", state)
        for path in (self.path / "checkpoints").iterdir():
            if path.name not in kept:
                path.unlink()
        return name

    def checkpoints(self) -> dict[int, str]:
        """{step: name} of all checkpoints that are kept, by rising step."""
        names = [name for name in self.read_state()["checksums"] if name.endswith(".safetensors")]
        return dict(sorted((int(name.split(".")[0]), name) for name in names))

    def best_checksum(self) -> str:
        """Of the checkpoint that load_checkpoint("best") gives."""
        state = self.read_state()
        return state["checksums"].get(state["best"] or state["last"], "")

    def load_checkpoint(self, which: str) -> Checkpoint:
        """which: last, best (last where nothing was validated), or the name of a checkpoint that is kept -> tensors and counters.

        DataError for a damaged file.
        """
        state = self.read_state()
        name = which if which in state["checksums"] else state.get(which) or state["last"]
        path = self.path / "checkpoints" / name
        try:
            data = read_bytes(path)
        except DataError:
            if self.read_state() == state:
                raise
            return self.load_checkpoint(which)  # a training process has just put another in its place
        if _digest(data) != state["checksums"].get(name):
            raise DataError(f"{path} was changed or damaged since it was written ({len(data)} bytes): its checksum does not fit.")
        try:
            with safetensors.safe_open(path, framework="np") as file:
                counters = orjson.loads(file.metadata()["counters"])
            return safetensors.numpy.load(data), counters
        except (safetensors.SafetensorError, KeyError, TypeError, ValueError) as error:
            raise DataError(f"{path} is damaged: it is no checkpoint of seqterm ({error}).") from error

    def map_checkpoint(self, which: str) -> Checkpoint:
        """As load_checkpoint, of a large file: tensors are mapped; the checksum, for which all would be read, is not taken."""
        state = self.read_state()
        tensors, metadata = map_tensors(self.path / "checkpoints" / (state.get(which) or state["last"]))
        return tensors, parse_json(metadata["counters"].encode(), self.path)

    def check_files(self) -> list[str]:
        """The files that state.json has a checksum of; DataError where one is gone or not as it was written."""
        state = self.read_state()
        try:
            for name, checksum in state["checksums"].items():
                path = self.path / ("" if name.endswith(".json") else "checkpoints") / name
                if _digest(read_bytes(path)) != checksum:
                    raise DataError(f"{path} was changed or damaged since it was written: its checksum does not fit.")
        except DataError:
            if self.read_state() == state:
                raise
            return self.check_files()  # a training process has just put another checkpoint in its place
        return list(state["checksums"])

    def size(self) -> int:
        """Bytes of all files."""
        return sum(path.stat().st_size for path in self.path.rglob("*") if path.is_file())

    # What happened

    def append(self, path: Path, event: Event, time: float) -> None:
        """One line more in events.jsonl or samples.jsonl; time in seconds since the start of training."""
        with path.open("ab") as file:
            file.write(json_line({**event.to_json(), "time": round(time, 3)}) + b"\n")

    def log_sizes(self) -> dict[str, int]:
        """Bytes of the two logs now, safely on the disk, for a checkpoint."""
        for path in (self.events_path, self.samples_path):
            if path.exists():
                with path.open("ab") as file:
                    os.fsync(file.fileno())
        return {path.name: path.stat().st_size if path.exists() else 0 for path in (self.events_path, self.samples_path)}

    def cut_logs(self, sizes: dict[str, int]) -> None:
        """Drop what was logged after a checkpoint."""
        for path in (self.events_path, self.samples_path):
            if path.exists():
                with path.open("r+b") as file:
                    whole = file.read(sizes[path.name]).rfind(b"\n") + 1  # a power cut may have taken more
                    file.truncate(whole)

    def events(self) -> list[dict[str, Any]]:
        return read_json_lines(self.events_path)

    def remove(self) -> None:
        """Delete the folder; refused while the run trains."""
        if self.is_locked():
            raise SeqtermError(f"{self.name} is being trained: `seqterm stop {self.quoted}` first.")
        self.lock()
        try:
            (self.path / "config.json").unlink(missing_ok=True)  # no run from here on
            aside = self.path.with_name(f".{self.path.name}.{secrets.token_hex(6)}")
            self.path.rename(aside)  # gone at once for who looks
            shutil.rmtree(aside)
        finally:
            self.unlock()
