"""What ends a training before its last step."""

import time
from collections.abc import Callable

from seqterm.app.session import Session
from seqterm.store.run_folder import RunFolder


def stop_reason(folder: RunFolder, session: Session, began: float, time_limit: float | None) -> Callable[[], str | None]:
    def reason() -> str | None:
        if session.stop:
            return "interrupted"
        if time_limit and time.monotonic() - began >= time_limit:
            return "time limit"
        if folder.stop_requested():
            folder.clear_stop()
            return "stop requested"
        return None

    return reason
