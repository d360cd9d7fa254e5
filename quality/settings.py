"""Settings: flags over environment over `pricewatch.toml` over defaults, each checked by name."""

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from quality.delivery.smtp import SmtpSettings
from quality.errors import UsageError
from quality.ingest.format.source import Source
from quality.rules.model import Thresholds
from quality.rules.thresholds import read_thresholds, sections
from quality.storage import S3Options

CONFIG_NAME = "pricewatch.toml"
_PREFIX = "PRICEWATCH_"
_BYTES = re.compile(r"(\d+(?:\.\d+)?)\s*(B|KB|MB|GB|KiB|MiB|GiB)", re.IGNORECASE)
_UNITS = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30}


def parse_bytes(text: str) -> int:
    """Read a size such as `1GiB` or `512 MB` as bytes."""
    match = _BYTES.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text!r} is not a size such as 1GiB or 512MiB")
    return int(float(match[1]) * _UNITS[match[2].lower()])


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{value!r} is not text")
    return value


def _whole(value: object) -> int:
    number = int(value) if isinstance(value, str) and value.strip().isdecimal() else value
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise ValueError(f"{value!r} is not a whole number of at least 1")
    return number


def _seconds(value: object) -> float:
    try:
        number = -1.0 if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = -1.0
    if not 0 < number < float("inf"):
        raise ValueError(f"{value!r} is not a number of seconds above 0")
    return number


def _size(value: object) -> int:
    return parse_bytes(_text(value))


def _addresses(value: object) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list):
        raise TypeError(f"{value!r} is not a list of addresses")
    return tuple(_text(part).strip() for part in parts)


def _security(value: object) -> str:
    if value not in ("tls", "starttls"):
        raise ValueError(f"{value!r} is not tls or starttls")
    return str(value)


# Every setting, by section and key; each is PRICEWATCH_SECTION_KEY in the environment.
_SETTINGS: dict[str, dict[str, Callable[[Any], Any]]] = {
    "engine": {"threads": _whole, "memory_limit": _size, "rows_a_chunk": _whole},
    "run": {"rules": _addresses, "suppressions": _text, "calendar": _text},
    "s3": {
        "endpoint_url": _text,
        "region": _text,
        "connect_timeout": _seconds,
        "read_timeout": _seconds,
        "attempts": _whole,
    },
    "mail": {
        "host": _text,
        "port": _whole,
        "user": _text,
        "password_file": _text,
        "sender": _text,
        "recipients": _addresses,
        "security": _security,
        "ca_file": _text,
        "timeout": _seconds,
        "attempts": _whole,
    },
}
# Secrets: from the environment (or the file named by `password_file`), never from a flag or a settings file.
_SECRETS = {"mail": "password"}


@dataclass(frozen=True)
class Settings:
    """All settings of one run, checked.

    Attributes:
        threads: Threads of the engines together.
        memory_limit: Bytes of the engines together.
        rows_a_chunk: Rows of one unit of a scan.
        s3: How S3 is reached; credentials come by the usual AWS settings.
        mail: The mail settings as given; `smtp()` makes them usable or says what is missing.
        thresholds: By rule set and rule, what replaces parameters of rules.
        rules: Folders with rules of the user's own, for scans and checks.
        suppressions: Address of the file of suppressions, None for none.
        calendar: Which days are sessions: "panel", "weekdays" or the code of an exchange.
        sources: By name, what is said of the files that a source sends.

    """

    threads: int = field(default_factory=lambda: min(os.cpu_count() or 1, 8))
    memory_limit: int = 1 << 30
    rows_a_chunk: int = 1_000_000
    s3: S3Options = field(default_factory=S3Options)
    mail: Mapping[str, Any] = field(default_factory=dict, repr=False)
    thresholds: Mapping[str, Mapping[str, Thresholds]] = field(default_factory=dict)
    rules: tuple[str, ...] = ()
    suppressions: str | None = None
    calendar: str = "panel"
    sources: Mapping[str, Source] = field(default_factory=dict)

    def smtp(self, said: Mapping[str, Any] | None = None) -> SmtpSettings:
        """Give the mail server's settings; without `sender` the user's name is the sender.

        Args:
            said: What was said on the command line instead.

        Raises:
            UsageError: Something is missing or cannot work; the message names the setting.

        """
        given = {**self.mail, **(said or {})}
        password_file = given.pop("password_file", None)
        if password_file and "password" not in given:
            given["password"] = _read_secret(password_file)
        given.setdefault("sender", given.get("user", ""))
        try:
            return SmtpSettings(**given)
        except UsageError as error:
            raise UsageError(f"mail.{error} (or {_PREFIX}MAIL_… in the environment)") from error


def load_settings(
    flags: Mapping[str, Mapping[str, Any]] | None = None,
    config: str | Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Put the settings together.

    Args:
        flags: By section and key, what was said on the command line; None values count as not said.
        config: The settings file; None for `PRICEWATCH_CONFIG`, or `pricewatch.toml` here, or none.
        environment: Instead of the process's environment.

    Raises:
        UsageError: A file that cannot be read, a key that does not exist or a value that cannot be: the
            message names file or variable, and key.

    """
    environment = os.environ if environment is None else environment
    path = _config_path(config, environment)
    table = _read_toml(path) if path else {}
    values: dict[str, dict[str, Any]] = {section: {} for section in _SETTINGS}
    for section, keys in _SETTINGS.items():
        values[section].update(_from_file(table.get(section, {}), section, keys, str(path)))
        values[section].update(_from_environment(section, keys, environment))
        said = (flags or {}).get(section, {})
        values[section].update({key: value for key, value in said.items() if value is not None})
    unknown = sorted(set(table) - set(_SETTINGS) - {"rules", "sources", "batch"})
    if unknown:
        known = ", ".join([*_SETTINGS, "rules", "sources", "batch"])
        raise UsageError(f"{path}: no section [{unknown[0]}]; there is {known}")
    return Settings(
        **values["engine"],
        **values["run"],
        s3=S3Options(**values["s3"]),
        mail=values["mail"],
        thresholds=read_thresholds(table.get("rules", {}), str(path)),
        sources=_sources(table.get("sources", {}), str(path)),
    )


def _config_path(config: str | Path | None, environment: Mapping[str, str]) -> Path | None:
    named = config or environment.get(f"{_PREFIX}CONFIG")
    if named:
        return Path(named)
    return Path(CONFIG_NAME) if Path(CONFIG_NAME).is_file() else None


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: is not TOML: {error}") from error


def _from_file(given: object, section: str, keys: Mapping[str, Callable[[Any], Any]], path: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise UsageError(f"{path}: {section} must be a section [{section}]")
    values = {}
    for key, value in given.items():
        if key == _SECRETS.get(section):
            raise UsageError(
                f"{path}: {section}.{key} is a secret and has no place here; "
                f"set {_PREFIX}{section.upper()}_{key.upper()} or {section}.{key}_file"
            )
        if key not in keys:
            raise UsageError(f"{path}: no setting {section}.{key}; there is {', '.join(keys)}")
        values[key] = _checked(keys[key], value, f"{path}: {section}.{key}")
    return values


def _from_environment(
    section: str, keys: Mapping[str, Callable[[Any], Any]], environment: Mapping[str, str]
) -> dict[str, Any]:
    values = {}
    for key in keys:
        name = f"{_PREFIX}{section.upper()}_{key.upper()}"
        if environment.get(name):
            values[key] = _checked(keys[key], environment[name], name)
    secret = _SECRETS.get(section)
    if secret and environment.get(f"{_PREFIX}{section.upper()}_{secret.upper()}"):
        values[secret] = environment[f"{_PREFIX}{section.upper()}_{secret.upper()}"]
    return values


def _checked(read: Callable[[Any], Any], value: object, where: str) -> object:
    try:
        return read(value)
    except (ValueError, TypeError) as error:
        raise UsageError(f"{where}: {error}") from error


def _read_secret(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"mail.password_file {path}: cannot be read: {error}") from error


def _sources(table: object, path: str) -> dict[str, Source]:
    """Read `[sources.NAME]`: what is said of one source's files."""
    return {
        name: Source().replaced(said, f"{path}: sources.{name}.") for name, said in sections(table, "sources", path)
    }
