"""The one way in: a command goes in, events come out."""

from collections.abc import Callable, Iterator

from seqterm.app import commands
from seqterm.app.commands import Command
from seqterm.app.commands.base import OnDevice
from seqterm.app.room import with_room
from seqterm.app.session import Session
from seqterm.events import Event
from seqterm.models.catalogue import resolve
from seqterm.options import check

# What does each command; imported when used, so that a light command stays light.
HANDLERS: dict[type[Command], str] = {
    commands.TrainElman: "seqterm.app.train:train",
    commands.TrainLstm: "seqterm.app.train:train",
    commands.TrainGru: "seqterm.app.train:train",
    commands.TrainNgram: "seqterm.app.train:train",
    commands.TrainNnlm: "seqterm.app.train:train",
    commands.TrainWord2vec: "seqterm.app.train:train",
    commands.TrainGlove: "seqterm.app.train:train",
    commands.TrainHmm: "seqterm.app.train:train",
    commands.TrainAr: "seqterm.app.train:train",
    commands.TrainMlpAr: "seqterm.app.train:train",
    commands.TrainRnnAr: "seqterm.app.train:train",
    commands.Resume: "seqterm.app.train:resume",
    commands.Sample: "seqterm.app.sample:sample",
    commands.Score: "seqterm.app.score:score",
    commands.Neurons: "seqterm.app.neurons:neurons",
    commands.Compare: "seqterm.app.compare:compare",
    commands.Check: "seqterm.app.check:check",
    commands.Filter: "seqterm.app.score:filter_lines",
    commands.Rank: "seqterm.app.score:rank",
    commands.Next: "seqterm.app.score:next_tokens",
    commands.Correct: "seqterm.app.correct:correct",
    commands.Similar: "seqterm.app.vectors:similar",
    commands.Analogy: "seqterm.app.vectors:analogy",
    commands.OddOneOut: "seqterm.app.vectors:odd_one_out",
    commands.EvaluateVectors: "seqterm.app.vectors:evaluate",
    commands.MapVectors: "seqterm.app.vectors:word_map",
    commands.ExportVectors: "seqterm.app.vectors:export",
    commands.ShowHmm: "seqterm.app.hmm:show",
    commands.DecodeHmm: "seqterm.app.hmm:decode",
    commands.ExportNgrams: "seqterm.app.ngram:export_ngrams",
    commands.ImportNgrams: "seqterm.app.ngram:import_ngrams",
    commands.Forecast: "seqterm.app.forecast:forecast",
    commands.ListCorpora: "seqterm.app.corpora:list_corpora",
    commands.CorpusInfo: "seqterm.app.corpora:info",
    commands.GetCorpus: "seqterm.app.corpora:get",
    commands.SplitCorpus: "seqterm.app.corpora:split",
    commands.CorpusStats: "seqterm.app.corpora:stats",
    commands.ExportRun: "seqterm.app.archive:export_run",
    commands.ImportRun: "seqterm.app.archive:import_run",
    commands.Stop: "seqterm.app.runs:stop",
    commands.Watch: "seqterm.app.watch:watch",
    commands.ListRuns: "seqterm.app.runs:list_runs",
    commands.CompareRuns: "seqterm.app.compare_runs:compare_runs",
    commands.RemoveRuns: "seqterm.app.runs:remove_runs",
    commands.Info: "seqterm.app.runs:info",
    commands.Warmup: "seqterm.app.warmup:warmup",
    commands.Paths: "seqterm.app.runs:paths",
    commands.Devices: "seqterm.app.devices:devices",
    commands.ShowConfig: "seqterm.app.config:show",
    commands.Duel: "seqterm.app.sample:duel",
    commands.ListLog: "seqterm.app.sample_log:list_log",
    commands.ShowLog: "seqterm.app.sample_log:show_log",
    commands.SearchLog: "seqterm.app.sample_log:search_log",
    commands.ExportLog: "seqterm.app.sample_log:export_log",
    commands.LogOn: "seqterm.app.sample_log:log_on",
    commands.LogOff: "seqterm.app.sample_log:log_off",
    commands.ClearLog: "seqterm.app.sample_log:clear_log",
}


def _device(command: Command) -> str:
    """Where its model computes."""
    if not isinstance(command, OnDevice) or command.device == "cpu":
        return "cpu"
    from seqterm.backends.select import resolved

    return resolved(command.device)


def run(command: Command, session: Session) -> Iterator[Event]:
    """Do a command.  Failures are SeqtermErrors, raised where the iterator has got to."""
    check(command)
    session.stop = session.stoppable = False
    session.device, session.insists = _device(command), getattr(command, "device", "cpu") == "cuda"
    handler: Callable[[Command, Session], Iterator[Event]] = resolve(HANDLERS[type(command)])
    return with_room(command, session, lambda: handler(command, session))
