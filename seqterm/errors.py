"""What can go wrong, with the exit code of each kind.  A message is one clear sentence that says what to do next."""


class SeqtermError(Exception):
    """A failure that the user can understand; exit code 1."""

    exit_code = 1


class UsageError(SeqtermError):
    """Settings or arguments that do not make sense together."""

    exit_code = 2


class DataError(SeqtermError):
    """A corpus, run folder or model file that is missing, unreadable or broken."""

    exit_code = 3


class DivergedError(SeqtermError):
    """Training reached a loss or gradient that is not a finite number."""

    exit_code = 4


class DeviceError(SeqtermError):
    """A GPU that is not there, or has not enough memory."""


class DeviceMemoryError(DeviceError):
    """A GPU without the memory that is needed, which lower values of `flags` make less."""

    flags: tuple[str, ...] = ()

    def __str__(self) -> str:
        lower = f"lower {' or '.join(self.flags)}, or " if self.flags else ""
        return f"{self.args[0]}: {lower}use --device cpu."


class UnsuitedDeviceError(DeviceError, UsageError):
    """Settings that only the processor computes."""


INTERRUPTED = 130  # the exit code after Ctrl-C
