"""Tells a lineage server what a run read and found: OpenLineage events, by the official client."""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from quality.delivery.story import Story
from quality.errors import DeliveryError, UsageError

PRODUCER = "https://pypi.org/project/pricewatch-panel"
_SPACE = uuid.UUID("0b5f6a52-6f0b-4c0e-9a53-6a1a1c9b4f0d")


@dataclass(frozen=True)
class LineageSettings:
    """Where events go: to a server or to a file.

    Attributes:
        url: The server's address.
        file: Path of a file, to which each event is added as a line of JSON.
        api_key: The server's key; it shows in no message.
        namespace: The namespace of the jobs.
        timeout: Seconds to wait for the server.

    """

    url: str | None = None
    file: str | None = None
    api_key: str | None = field(default=None, repr=False)
    namespace: str = "pricewatch"
    timeout: float = 10.0

    def __post_init__(self) -> None:
        if bool(self.url) == bool(self.file):
            raise UsageError("lineage: give one of lineage.url and lineage.file")
        if self.url and urlsplit(self.url).scheme not in ("http", "https"):
            raise UsageError("lineage.url: what is given is no http or https address")

    @property
    def target(self) -> str:
        """Where events go, for messages."""
        return self.file or str(urlsplit(self.url or "").hostname)


def check_lineage() -> None:
    """Make sure that the client is installed; UsageError where it is not."""
    try:
        import openlineage.client  # noqa: F401, PLC0415 - an extra
    except ImportError as error:
        raise UsageError("lineage needs the extra: pip install 'pricewatch-panel[lineage]'") from error


def emit(story: Story, settings: LineageSettings) -> None:
    """Emit the two events of a run: that it began, and how it ended.

    The findings are told as assertions on the panel, one a rule: it holds, or so many findings speak against it.

    Raises:
        DeliveryError: They were not taken.

    """
    check_lineage()
    try:
        client = _client(settings)
        for event in _events(story, settings):
            client.emit(event)
        client.close()
    except Exception as error:
        raise DeliveryError(
            f"lineage to {settings.target}: {type(error).__name__}; check lineage.url or lineage.file"
        ) from error


def _client(settings: LineageSettings) -> Any:  # noqa: ANN401 - an optional library
    from openlineage.client import OpenLineageClient  # noqa: PLC0415 - an extra
    from openlineage.client.transport.file import FileConfig, FileTransport  # noqa: PLC0415 - likewise
    from openlineage.client.transport.http import (  # noqa: PLC0415 - likewise
        ApiKeyTokenProvider,
        HttpConfig,
        HttpTransport,
    )

    if settings.file:
        return OpenLineageClient(transport=FileTransport(FileConfig(log_file_path=settings.file, append=True)))
    config = HttpConfig(url=str(settings.url), timeout=settings.timeout)
    if settings.api_key:
        config.auth = ApiKeyTokenProvider({"apiKey": settings.api_key})
    return OpenLineageClient(transport=HttpTransport(config))


def _events(story: Story, settings: LineageSettings) -> list[Any]:
    from openlineage.client.event_v2 import (  # noqa: PLC0415 - an extra
        InputDataset,
        Job,
        OutputDataset,
        Run,
        RunEvent,
        RunState,
    )

    summary = story.summary
    now = dt.datetime.now(dt.UTC).isoformat()
    name = f"{story.panel}.{story.job}"
    run_id = str(uuid.uuid5(_SPACE, f"{summary.get('run_id') or now} {name}"))
    job = Job(namespace=settings.namespace, name=name)
    inputs = [InputDataset(*_dataset(str(summary["panel"])), inputFacets=_input_facets(summary))] if summary else []
    outputs = [OutputDataset(*_dataset(story.where))] if story.where and summary else []
    run = Run(runId=run_id, facets=_run_facets(story, summary))
    ended = RunState.FAIL if story.failure else RunState.COMPLETE
    began, end = str(summary.get("started") or now), str(summary.get("ended") or now)
    return [
        RunEvent(eventTime=began, run=run, job=job, producer=PRODUCER, eventType=RunState.START),
        RunEvent(eventTime=end, run=run, job=job, producer=PRODUCER, eventType=ended, inputs=inputs, outputs=outputs),
    ]


def _dataset(address: str) -> tuple[str, str]:
    """Give an address as OpenLineage names data sets: bucket and key, or `file` and path."""
    if address.startswith("s3://"):
        bucket, _, key = address.removeprefix("s3://").partition("/")
        return f"s3://{bucket}", key or "/"
    return "file", address


def _run_facets(story: Story, summary: Mapping[str, Any]) -> dict[str, Any]:
    from openlineage.client.facet_v2 import (  # noqa: PLC0415 - an extra
        error_message_run,
        nominal_time_run,
        processing_engine_run,
    )

    facets: dict[str, Any] = {"nominalTime": nominal_time_run.NominalTimeRunFacet(f"{story.day}T00:00:00Z")}
    versions = summary.get("versions") or {}
    if versions:
        facets["processing_engine"] = processing_engine_run.ProcessingEngineRunFacet(
            version=str(versions.get("duckdb", "")), name="duckdb"
        )
    if story.failure:
        facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(story.failure, "text")
    return facets


def _input_facets(summary: Mapping[str, Any]) -> dict[str, Any]:
    from openlineage.client.facet_v2 import (  # noqa: PLC0415 - an extra
        data_quality_assertions_dataset,
        data_quality_metrics_input_dataset,
    )

    by_rule = summary.get("by_rule") or {}
    rules = {str(name): int(by_rule.get(name, 0)) for name in [*_rules(summary), *by_rule]}
    assertions = [
        data_quality_assertions_dataset.Assertion(
            assertion=rule, success=count == 0, column="price", actual=f"{count} findings", expected="0 findings"
        )
        for rule, count in rules.items()
    ]
    metrics = data_quality_metrics_input_dataset.DataQualityMetricsInputDatasetFacet(
        rowCount=int(summary.get("rows") or 0),
        columnMetrics={},
    )
    return {
        "dataQualityAssertions": data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet(assertions),
        "dataQualityMetrics": metrics,
    }


def _rules(summary: Mapping[str, Any]) -> list[str]:
    """Give the names of the rules that were in force."""
    return [str(name) for name in summary.get("rules") or ()]
