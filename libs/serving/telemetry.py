"""Logs for a person or a machine to read, without secrets, each line with the request it belongs to."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor

from serving.environment import SettingError
from serving.redaction import redact, redact_text

__all__ = ["LogStyle", "configure_logging", "log_style", "name_tenant"]

LogStyle = Literal["console", "json"]

_QUIET = {"uvicorn.access": logging.WARNING, "asyncio": logging.WARNING, "aiohttp.access": logging.WARNING}


def log_style(environ: Mapping[str, str]) -> LogStyle:
    """Read MEANTIME_LOG: console (the default) or json; raises SettingError for anything else."""
    style = environ.get("MEANTIME_LOG", "") or "console"
    if style == "console":
        return "console"
    if style == "json":
        return "json"
    raise SettingError("MEANTIME_LOG", f"must be console or json, not {style!r}")


def configure_logging(
    *, service: str, style: LogStyle, level: int = logging.INFO, stream: TextIO | None = None
) -> None:
    """Send structlog and the standard library's loggers through one redacting pipeline to standard error."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _service_name(service),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            redact_event,
            *_renderers(style),
        ],
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name, quiet_level in _QUIET.items():
        logging.getLogger(name).setLevel(quiet_level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True


def name_tenant(tenant_id: str) -> None:
    """Say which tenant the request is for, in the lines that follow and in the request's own."""
    structlog.contextvars.bind_contextvars(tenant=tenant_id)


def redact_event(_logger: Any, _method: str, event_dict: EventDict) -> EventDict:
    """Redact everything that a line would say, exceptions included; the last step before rendering."""
    exception = event_dict.pop("exception", None)
    redacted: MutableMapping[str, Any] = redact(event_dict)
    if isinstance(exception, str):
        redacted["exception"] = redact_text(exception)
    return redacted


def _service_name(service: str) -> Processor:
    def add(_logger: Any, _method: str, event_dict: EventDict) -> EventDict:
        event_dict.setdefault("service", service)
        return event_dict

    return add


def _renderers(style: LogStyle) -> list[Processor]:
    if style == "json":
        return [structlog.processors.JSONRenderer()]
    return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=24)]
