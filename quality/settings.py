"""Settings: flags over environment over `pricewatch.toml` over defaults, each checked by name."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quality import values
from quality.errors import InputError, UsageError
from quality.ingest.format.source import Source
from quality.rules.loading import rules_in_force
from quality.rules.model import DEFAULT_RULESET, DEFAULT_SENSITIVITY, SENSITIVITIES, RuleSet, Thresholds
from quality.rules.thresholds import read_thresholds
from quality.storage import S3Options, read_file
from quality.text import similar, visible
from quality.values import Readers

if TYPE_CHECKING:
    from quality.delivery.lineage import LineageSettings
    from quality.delivery.smtp_settings import SmtpSettings
    from quality.delivery.webhook import WebhookSettings
    from quality.findings.suppressions import Suppressions
    from quality.panel.actions import CorporateActions

CONFIG_NAME = "pricewatch.toml"
_PREFIX = "PRICEWATCH_"
# What tests may be told by the environment; no setting.
_OF_TESTS = f"{_PREFIX}TEST_"
# A settings file is written by hand: what is larger is another file.
_MOST_BYTES = 1 << 20
_MOST_THREADS = 1024

# Every setting, by section and key; each is PRICEWATCH_SECTION_KEY in the environment.
_SETTINGS: dict[str, Readers] = {
    "engine": {
        "threads": values.whole(most=_MOST_THREADS),
        "memory_limit": values.size(least=64 << 20, most=1 << 50),
        "rows_a_chunk": values.whole(),
        "tickers_a_task": values.whole(),
    },
    "run": {
        "rules": values.listed(values.address, "addresses"),
        "suppressions": values.address,
        "corporate_actions": values.address,
        "calendar": values.text,
        "sensitivity": values.choice(*SENSITIVITIES),
        "lock_wait": values.seconds,
    },
    "s3": {
        "endpoint_url": values.address,
        "region": values.text,
        "connect_timeout": values.seconds,
        "read_timeout": values.seconds,
        "attempts": values.whole(most=100),
        "patience": values.seconds,
    },
    "mail": {
        "host": values.text,
        "port": values.whole(),
        "user": values.text,
        "password_file": values.address,
        "sender": values.text,
        "recipients": values.listed(values.text, "addresses"),
        "security": values.choice("tls", "starttls"),
        "ca_file": values.address,
        "timeout": values.seconds,
        "attempts": values.whole(most=100),
        "retry_after": values.listed(values.seconds, "seconds"),
    },
    "webhook": {
        "url": values.address,
        "url_file": values.address,
        "timeout": values.seconds,
        "retry_after": values.listed(values.seconds, "seconds"),
    },
    "lineage": {
        "url": values.address,
        "file": values.address,
        "namespace": values.text,
        "timeout": values.seconds,
    },
}
# Older names of settings, which stay readable.
_RENAMED = {"run": ("exceptions", "suppressions")}
# Secrets: from the environment (or the file named by `password_file`), never from a flag or a settings file.
_SECRETS = {"mail": "password", "lineage": "api_key"}
# Sections in which a secret may stand in a wrong place: no text that is given there is shown.
_PRIVATE = frozenset({"mail", "s3", "webhook", "lineage"})
# Sections that are read by others than this module.
_OTHERS = ("rules", "sources", "calendars", "batch")


@dataclass(frozen=True)
class Settings:
    """All settings of one run, checked.

    Attributes:
        threads: Threads of the engines together.
        memory_limit: Bytes of the engines together.
        rows_a_chunk: Rows of one unit of a scan.
        tickers_a_task: Years of more tickers are scanned in groups of so many; 0 for as many as fit a task.
        s3: How S3 is reached, and how long a place that is held is waited for; credentials come by the usual
            AWS settings.
        mail: The mail settings as given; `smtp()` makes them usable or says what is missing.
        webhook: The settings of the webhook as given, likewise.
        lineage: Those of lineage events.
        thresholds: By rule set and rule, what replaces parameters of rules.
        rules: Folders with rules of the user's own, for scans and checks.
        suppressions: Address of the file of suppressions, None for none.
        corporate_actions: Address of the file of corporate actions, None for none.
        calendar: Which days are sessions: "panel", "weekdays" or the code of an exchange.
        calendars: By pattern of tickers, another calendar for those that it fits.
        sensitivity: How easily rules speak: "low", "normal" or "high".
        sources: By name, what is known of the files that a source sends.

    """

    threads: int = field(default_factory=lambda: min(os.cpu_count() or 1, 8))
    memory_limit: int = 1 << 30
    rows_a_chunk: int = 1_000_000
    tickers_a_task: int = 0
    s3: S3Options = field(default_factory=S3Options)
    mail: Mapping[str, Any] = field(default_factory=dict, repr=False)
    webhook: Mapping[str, Any] = field(default_factory=dict, repr=False)
    lineage: Mapping[str, Any] = field(default_factory=dict, repr=False)
    thresholds: Mapping[str, Mapping[str, Thresholds]] = field(default_factory=dict)
    rules: tuple[str, ...] = ()
    suppressions: str | None = None
    corporate_actions: str | None = None
    calendar: str = "panel"
    calendars: Mapping[str, str] = field(default_factory=dict)
    sensitivity: str = DEFAULT_SENSITIVITY
    sources: Mapping[str, Source] = field(default_factory=dict)

    def load_rules(
        self, ruleset: str | None = None, folders: Sequence[str | Path] = (), sensitivity: str | None = None
    ) -> RuleSet:
        """Load the rules of a run: of a set (default: robust), with folders of the user's own, as settings have them.

        Raises:
            UsageError: A rule, a threshold or the set's name is wrong.

        """
        return rules_in_force(
            ruleset or DEFAULT_RULESET, folders or self.rules, self.thresholds, sensitivity or self.sensitivity
        )

    def open_suppressions(self, address: str | None = None) -> "Suppressions":
        """Open the suppressions at an address, or those that are set; UsageError where they cannot be read."""
        from quality.findings.suppressions import NO_SUPPRESSIONS  # noqa: PLC0415 - as below

        address = self.suppressions if address is None else address
        if address is None:
            return NO_SUPPRESSIONS
        from quality.findings.suppression_file import open_suppressions  # noqa: PLC0415 - few runs have any

        return open_suppressions(address, self.s3)

    def open_actions(self, address: str | None = None) -> "CorporateActions":
        """Open the corporate actions at an address, or those that are set; UsageError where they cannot be read."""
        from quality.panel.actions import CorporateActions  # noqa: PLC0415 - as below

        address = self.corporate_actions if address is None else address
        if address is None:
            return CorporateActions()
        from quality.panel.action_file import open_actions  # noqa: PLC0415 - few runs have any

        return open_actions(address, self.s3)

    def smtp(self, instead: Mapping[str, Any] | None = None) -> "SmtpSettings":
        """Give the mail server's settings; without `sender` the user's name is the sender.

        Args:
            instead: What the command line gives instead.

        Raises:
            UsageError: Something is missing or cannot work; the message names the setting.

        """
        given = {**self.mail, **(instead or {})}
        password_file = given.pop("password_file", None)
        if password_file and "password" not in given:
            given["password"] = _read_secret(password_file)
        given.setdefault("sender", given.get("user", ""))
        # Who sends pays for the imports of sending.
        from quality.delivery.smtp_settings import SmtpSettings  # noqa: PLC0415

        try:
            return SmtpSettings(**given)
        except UsageError as error:
            raise UsageError(f"mail.{error} (or {_PREFIX}MAIL_… in the environment)") from error

    def webhook_settings(self) -> "WebhookSettings":
        """Give where stories are posted; UsageError where that is missing or cannot be."""
        given = dict(self.webhook)
        url_file = given.pop("url_file", None)
        if url_file and "url" not in given:
            given["url"] = _read_secret(url_file, "webhook.url_file")
        if "url" not in given:
            raise UsageError(f"webhook.url: missing; set it, or webhook.url_file, or {_PREFIX}WEBHOOK_URL")
        from quality.delivery.webhook import WebhookSettings  # noqa: PLC0415 - as above

        return WebhookSettings(**given)

    def lineage_settings(self) -> "LineageSettings":
        """Give where lineage events go; UsageError where that is missing or cannot be."""
        from quality.delivery.lineage import LineageSettings  # noqa: PLC0415 - as above

        return LineageSettings(**self.lineage)


def load_settings(
    flags: Mapping[str, Mapping[str, Any]] | None = None,
    config: str | Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Put the settings together.

    Args:
        flags: By section and key, what the command line gives; None stands for nothing.
        config: The settings file; None for `PRICEWATCH_CONFIG`, or `pricewatch.toml` here, or none.
        environment: Instead of the process's environment.

    Raises:
        UsageError: A file that cannot be read, a key or variable that does not exist or a value that cannot
            be: the message names file or variable, and key.

    """
    environment = os.environ if environment is None else environment
    _check_variables(environment)
    path = _config_path(config, environment)
    table = read_toml(path) if path is not None else {}
    _check_sections(table, str(path))
    given: dict[str, dict[str, Any]] = {}
    for section, readers in _SETTINGS.items():
        given[section] = {
            **_from_file(table.get(section, {}), section, readers, str(path)),
            **_from_environment(section, readers, environment),
            **_from_flags((flags or {}).get(section, {}), readers),
        }
    lock_wait = given["run"].pop("lock_wait", 0.0)
    return Settings(
        **given["engine"],
        **given["run"],
        s3=S3Options(**given["s3"], lock_wait=lock_wait),
        mail=given["mail"],
        webhook=given["webhook"],
        lineage=given["lineage"],
        thresholds=read_thresholds(table.get("rules", {}), str(path)),
        sources=_sources(table.get("sources", {}), str(path)),
        calendars=_calendars(table.get("calendars", {}), str(path)),
    )


def read_toml(path: str | Path) -> dict[str, Any]:
    """Read a settings file.

    Raises:
        UsageError: It cannot be read, is larger than any settings file, or is not TOML.

    """
    try:
        data = read_file(Path(path), most=_MOST_BYTES)
    except InputError as error:
        raise UsageError(str(error)) from error
    return values.parse_toml(data, visible(str(path)))


def _config_path(config: str | Path | None, environment: Mapping[str, str]) -> Path | None:
    if config is not None:
        return Path(values.read(values.address, str(config), "--config"))
    if f"{_PREFIX}CONFIG" in environment:
        return Path(values.read(values.address, environment[f"{_PREFIX}CONFIG"], f"{_PREFIX}CONFIG"))
    return Path(CONFIG_NAME) if Path(CONFIG_NAME).exists() else None


def _check_sections(table: Mapping[str, Any], path: str) -> None:
    known = (*_SETTINGS, *_OTHERS)
    for section in table:
        values.check_key(section, known, f"{path}: no section [{section}]")


def _check_variables(environment: Mapping[str, str]) -> None:
    """Refuse a variable that looks like a setting and is none: it would be ignored, and nobody would know."""
    known = {f"{_PREFIX}CONFIG"}
    for section, readers in _SETTINGS.items():
        keys = [*readers, *_RENAMED.get(section, ())[:1], *filter(None, [_SECRETS.get(section)])]
        known |= {_variable(section, key) for key in keys}
    for name in environment:
        if name.startswith(_PREFIX) and name not in known and not name.startswith(_OF_TESTS):
            raise UsageError(f"{visible(name)}: no such setting{similar(name, known)}")


def _variable(section: str, key: str) -> str:
    return f"{_PREFIX}{section.upper()}_{key.upper()}"


def _from_file(table: object, section: str, readers: Readers, path: str) -> dict[str, Any]:
    given = values.as_table(table, path, section)
    secret = _SECRETS.get(section)
    if secret in given:
        raise UsageError(
            f"{path}: {section}.{secret} is a secret and has no place here; "
            f"set {_variable(section, str(secret))} or {section}.{secret}_file"
        )
    if section in _RENAMED:
        given = values.renamed(given, *_RENAMED[section], f"{path}: {section}")
    return values.read_section(given, readers, path, section, is_private=section in _PRIVATE)


def _from_environment(section: str, readers: Readers, environment: Mapping[str, str]) -> dict[str, Any]:
    given = {key: environment[_variable(section, key)] for key in readers if _variable(section, key) in environment}
    old, new = _RENAMED.get(section, ("", ""))
    if old and _variable(section, old) in environment:
        given[old] = environment[_variable(section, old)]
        given = values.renamed(given, old, new, section)
    is_private = section in _PRIVATE
    found = {
        key: values.read(readers[key], value, _variable(section, key), is_private=is_private)
        for key, value in given.items()
    }
    secret = _SECRETS.get(section)
    if secret and _variable(section, secret) in environment:
        variable = _variable(section, secret)
        found[secret] = values.read(values.text, environment[variable], variable, is_private=True)
    return found


def _from_flags(given: Mapping[str, Any], readers: Readers) -> dict[str, Any]:
    return {
        key: values.read(readers[key], value, f"--{key.replace('_', '-')}")
        for key, value in given.items()
        if value is not None
    }


def _read_secret(path: str, setting: str = "mail.password_file") -> str:
    # The path is not shown: a password may have been taken for one.
    try:
        data = read_file(path, most=_MOST_BYTES)
        return values.read(values.text, data.decode().strip("\r\n"), setting, is_private=True)
    except (InputError, UnicodeDecodeError) as error:
        cause = error.__cause__ if isinstance(error.__cause__, OSError) else None
        why = os.strerror(cause.errno).lower() if cause and cause.errno else "it is no file of text"
        raise UsageError(f"{setting}: the file that it names cannot be read: {why}") from None


def _calendars(table: object, path: str) -> dict[str, str]:
    """Read `[calendars]`: by pattern of tickers, the calendar of those that it fits."""
    given = values.as_table(table, path, "calendars")
    return {pattern: values.read(values.text, name, f"{path}: calendars.{pattern}") for pattern, name in given.items()}


def _sources(table: object, path: str) -> dict[str, Source]:
    """Read `[sources.NAME]`: what is known of one source's files."""
    return {
        name: Source().replaced(given, f"{path}: sources.{name}.")
        for name, given in values.subsections(table, path, "sources")
    }
