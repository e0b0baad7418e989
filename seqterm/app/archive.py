"""The commands that carry runs about: ExportRun, ImportRun."""

import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from seqterm.app.commands import ExportRun, ImportRun
from seqterm.app.session import Session
from seqterm.errors import DataError, SeqtermError, UsageError
from seqterm.events import Event, Exported, Imported
from seqterm.store.files import writing_whole
from seqterm.store.home import existing_run, run_path, runs_folder
from seqterm.store.run_folder import RunFolder

LEFT_OUT = ("lock", "stop")


def export_run(command: ExportRun, session: Session) -> Iterator[Event]:
    """All files of a run that is not being trained, under its name."""
    folder = RunFolder(existing_run(command.run))
    folder.read_description()
    name = folder.path.resolve().name
    target = Path(command.file)
    if target.exists():
        raise UsageError(f"{target} is there already: name another file.")
    folder.lock()
    try:
        with writing_whole(target) as file, tarfile.open(fileobj=file, mode="w") as archive:
            for path in sorted(folder.path.rglob("*")):
                relative = path.relative_to(folder.path)
                if path.is_file() and relative.name not in LEFT_OUT:
                    archive.add(path, f"{name}/{relative.as_posix()}")
    except OSError as error:
        raise SeqtermError(f"Cannot write {target}: {error.strerror}.") from error
    finally:
        folder.unlock()
    yield Exported(folder.name, str(target))


def _checked(archive: tarfile.TarFile, file: str) -> str:
    """The one folder that everything stands in; DataError for what is no run, or would be written elsewhere."""
    names = set()
    try:
        members = archive.getmembers()
    except (OSError, EOFError, tarfile.TarError) as error:
        raise DataError(f"{file} is cut off or damaged: {error}.") from error
    for member in members:
        path = PurePosixPath(member.name)
        if path.is_absolute() or ".." in path.parts or not (member.isfile() or member.isdir()):
            raise DataError(f"{file} is not to be trusted: {member.name!r} would leave its folder; nothing was unpacked.")
        names.add(path.parts[0] if path.parts else "")
    if len(names) != 1 or f"{min(names)}/config.json" not in archive.getnames():
        raise DataError(f"{file} holds no run: make one with `seqterm runs export`.")
    return names.pop()


def import_run(command: ImportRun, session: Session) -> Iterator[Event]:
    """Unpack beside the target, look whether it is a sound run, then rename."""
    try:
        archive = tarfile.open(command.file, "r:")  # noqa: SIM115
    except (OSError, EOFError, tarfile.TarError) as error:
        raise DataError(f"Cannot read {command.file}: {getattr(error, 'strerror', None) or 'it is no tar file'}.") from error
    with archive:
        name = _checked(archive, command.file)
        target = run_path(command.out) if command.out else runs_folder() / name
        if target.exists():
            raise UsageError(f"{target} is there already: name another with -o.")
        target.parent.mkdir(parents=True, exist_ok=True)
        unpacked = Path(tempfile.mkdtemp(dir=target.parent, prefix=".import-"))
        try:
            archive.extractall(unpacked, filter="data")
            RunFolder(unpacked / name).read_description()
            RunFolder(unpacked / name).load_checkpoint("last")
            (unpacked / name).rename(target)
        except DataError as error:
            raise DataError(f"{command.file} holds no sound run: {str(error).replace(f'{unpacked}/', '')}") from error
        except (OSError, EOFError, tarfile.TarError) as error:
            raise DataError(f"Cannot unpack {command.file}: {error}.") from error
        finally:
            shutil.rmtree(unpacked, ignore_errors=True)
    yield Imported(RunFolder(target).name, command.file)
