"""A batch in numbers for Prometheus: a text file that the node exporter reads, written whole."""

import datetime as dt
import time
from collections.abc import Sequence
from pathlib import Path

from quality.batch.outcome import Outcome
from quality.errors import QualityError, UsageError


def check_metrics() -> None:
    """Make sure that the library is installed; UsageError where it is not."""
    try:
        import prometheus_client  # noqa: F401, PLC0415 - an extra
    except ImportError as error:
        raise UsageError("metrics need the extra: pip install 'pricewatch-panel[metrics]'") from error


def write_metrics(path: str, outcomes: Sequence[Outcome], code: int, seconds: float) -> None:
    """Write the counts of a batch.

    Args:
        path: The text file; its folder is made.
        outcomes: What came of each panel and day.
        code: The exit code.
        seconds: How long the batch took.

    Raises:
        QualityError: The file cannot be written.

    """
    from prometheus_client import CollectorRegistry, Gauge, write_to_textfile  # noqa: PLC0415 - an extra

    registry = CollectorRegistry()

    def gauge(name: str, what: str, *labels: str) -> Gauge:
        return Gauge(f"pricewatch_{name}", what, labels, registry=registry)

    gauge("batch_exit_code", "Exit code of the last batch.").set(code)
    gauge("batch_seconds", "Seconds that the last batch took.").set(seconds)
    gauge("batch_end_timestamp_seconds", "When the last batch ended.").set(time.time())
    findings = gauge("findings", "Findings of the last run that count.", "panel", "job", "severity")
    failed = gauge("failed", "Whether the last job failed.", "panel")
    undelivered = gauge("undelivered", "Deliveries of the last run that failed.", "panel", "job")
    cells = gauge("cells", "Cells that the last run judged.", "panel", "job")
    run_seconds = gauge("run_seconds", "Seconds that the last run took.", "panel", "job")
    session = gauge("last_session_timestamp_seconds", "Last session that was judged, midnight UTC.", "panel", "job")
    for outcome in outcomes:
        failed.labels(outcome.panel).set(bool(outcome.error))
        for done in outcome.done:
            labels = (outcome.panel, done.job)
            counts = done.summary.get("by_severity") or {}
            for severity in ("error", "warning", "info"):
                findings.labels(*labels, severity).set(counts.get(severity, 0))
            undelivered.labels(*labels).set(len(done.undelivered))
            cells.labels(*labels).set(done.summary.get("cells") or 0)
            run_seconds.labels(*labels).set(done.summary.get("seconds") or 0)
            if done.summary.get("last_session"):
                session.labels(*labels).set(_midnight(str(done.summary["last_session"])))
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        write_to_textfile(path, registry)
    except OSError as error:
        raise QualityError(f"cannot write the metrics to {path}: {error.strerror}; check batch.metrics") from error


def _midnight(day: str) -> float:

    return dt.datetime.fromisoformat(day).replace(tzinfo=dt.UTC).timestamp()
