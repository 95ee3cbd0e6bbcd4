"""Traces of what we do ourselves, for a collector that speaks OTLP over HTTP: requests, imports, the index, jobs.

Where ``VESTIGE_OTLP_URL`` is not set there is no tracer, and nothing is read of the SDK. Spans go out as all that the
server sends (:mod:`vestige.outgoing`): the SDK's own exporter would follow redirects, proxies and whatever address a
name stands for.

A request's ``traceparent`` (https://www.w3.org/TR/trace-context/) is taken over, so that a trace of somebody else goes
on here. What a span says is what a line of the log says: templates of routes and names of ours, never a path, a query
or what was sent.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Final

import vestige
from vestige.model.errors import OutgoingError, SettingsError
from vestige.outgoing import Outgoing, check_url, networks_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from vestige.outgoing import Network
    from vestige.settings import Settings

SETTING: Final = "VESTIGE_OTLP_NETWORKS"
SECONDS: Final = 5.0
"""For handing over some spans; what waits meanwhile is bounded by the SDK, which lets go of the rest."""
PROTOBUF: Final = "application/x-protobuf"
_LOG: Final = logging.getLogger("vestige.tracing")

Attributes = dict[str, str | int | bool]


class Tracing:
    """Makes spans and hands them over. Make it with :meth:`open`."""

    def __init__(self, exporter: Any) -> None:  # noqa: ANN401 - the SDK's, which is an extra
        # Read here: they are an extra.
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
        from opentelemetry.sdk.trace.sampling import ALWAYS_ON  # noqa: PLC0415
        from opentelemetry.trace import SpanKind, Status, StatusCode  # noqa: PLC0415
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

        named = Resource.create({"service.name": "vestige", "service.version": vestige.__version__})
        # Always: whether a caller's own trace is kept is nothing that it decides of ours.
        self._provider = TracerProvider(resource=named, sampler=ALWAYS_ON)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("vestige", vestige.__version__)
        self._propagator = TraceContextTextMapPropagator()
        self._server = SpanKind.SERVER
        self._failed = Status(StatusCode.ERROR)

    @classmethod
    def open(cls, settings: Settings) -> Tracing | None:
        """As the settings say; ``None`` where they name no collector.

        Raises:
            SettingsError: the collector may not be called, or the SDK is not installed.
        """
        if not settings.otlp_url:
            return None
        networks = networks_of(part.strip() for part in settings.otlp_networks.split(",") if part.strip())
        try:
            check_url(settings.otlp_url, networks, SETTING)
            exporter = exporter_to(settings.otlp_url, settings.otlp_token, networks)
        except OutgoingError as error:
            raise SettingsError("spans cannot be sent there", got=str(error)[:300], field="otlp_url") from None
        except ImportError:
            raise SettingsError(
                "traces need the OpenTelemetry SDK", expected="the extra `otel`", got="it is not installed",
                hint="pip install 'vestige[otel]', or unset VESTIGE_OTLP_URL", field="otlp_url",
            ) from None  # fmt: skip
        return cls(exporter)

    @contextmanager
    def span(self, name: str, attributes: Attributes | None = None) -> Iterator[None]:
        """A piece of work, part of the one it is done in. One that fails is marked so, without what the error says."""
        with self._tracer.start_as_current_span(
            name, attributes=attributes, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield
            except BaseException as error:
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(self._failed)
                raise

    @contextmanager
    def request(self, headers: Mapping[str, str]) -> Iterator[RequestSpan]:
        """A request, part of the trace that its headers name."""
        with self._tracer.start_as_current_span(
            "request", context=self._propagator.extract(headers), kind=self._server, record_exception=False,
            set_status_on_exception=False,
        ) as span:  # fmt: skip
            yield RequestSpan(span, self._failed)

    def flush(self) -> None:
        """Hand over what waits."""
        self._provider.force_flush()

    def close(self) -> None:
        """Hand over what waits, and end."""
        self._provider.shutdown()


class RequestSpan:
    """The span of a request under way."""

    def __init__(self, span: Any, failed: Any) -> None:  # noqa: ANN401 - the SDK's
        self._span = span
        self._failed = failed
        self.trace_id = format(span.get_span_context().trace_id, "032x")

    def told(self, name: str, attributes: Attributes, *, failed: bool) -> None:
        """Say what it was, once that is known."""
        self._span.update_name(name)
        self._span.set_attributes(attributes)
        if failed:
            self._span.set_status(self._failed)


def exporter_to(url: str, token: str, networks: Sequence[Network]) -> Any:  # noqa: ANN401 - the SDK's
    """What sends spans to a collector. Some that it does not take are lost, and that is said."""
    from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult  # noqa: PLC0415

    outgoing = Outgoing(networks, setting=SETTING, seconds=SECONDS)
    headers = {"Authorization": f"Bearer {token}"} if token else {}

    class Exporter(SpanExporter):
        """OTLP/HTTP in protobuf (https://opentelemetry.io/docs/specs/otlp/)."""

        def export(self, spans: Sequence[Any]) -> Any:  # noqa: ANN401 - the SDK's
            """Send some spans."""
            try:
                answer = outgoing.send(url, encode_spans(spans).SerializeToString(), PROTOBUF, PROTOBUF, headers)
            except OutgoingError as error:
                _LOG.warning("%d spans were lost: %s", len(spans), error)
                return SpanExportResult.FAILURE
            if not 200 <= answer.status < 300:
                _LOG.warning("%d spans were lost: the collector answered %d", len(spans), answer.status)
                return SpanExportResult.FAILURE
            return SpanExportResult.SUCCESS

    return Exporter()


def spans_of(tracing: Tracing | None) -> Callable[..., AbstractContextManager[None]]:
    """Makes spans, or nothing."""
    if tracing is None:
        return lambda *_: nullcontext()
    return tracing.span
