"""Saved questions: SQL files whose first line says what they ask, and whose second may name parameters."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from quality.engine.statements import sql_root
from quality.engine.syntax import parameters_of
from quality.errors import UsageError
from quality.text import similar

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_PARAMETER = re.compile(r"([a-z_][a-z0-9_]*)(?: = (.+))?")
_MOST_BYTES = 1 << 20


@dataclass(frozen=True)
class Question:
    """One saved question.

    Attributes:
        name: The file's name without its ending.
        what: What it asks, one sentence.
        parameters: Its parameters with their defaults; None for one that must be set.
        sql: The SELECT.

    """

    name: str
    what: str
    parameters: Mapping[str, str | None]
    sql: str

    @property
    def usage(self) -> str:
        """The sentence, and which parameters must or can be set."""
        needs = [f"--set {name}={'…' if value is None else value}" for name, value in self.parameters.items()]
        return f"{self.what} ({', '.join(needs)})" if needs else self.what


def saved_questions(folders: Sequence[str | Path] = ()) -> dict[str, Question]:
    """Load the saved questions, those of one's own folders after those that come with the job, by name.

    Raises:
        UsageError: A folder does not exist, or a file in it is no question: the message names file and line.

    """
    questions: dict[str, Question] = {}
    for folder in (sql_root() / "questions", *map(Path, folders)):
        if not folder.is_dir():
            raise UsageError(f"--questions {folder}: no such folder")
        for path in sorted(folder.glob("*.sql")):
            question = load_question(path)
            if question.name in questions:
                raise UsageError(f"{path}: there is a question {question.name} already; choose another name")
            questions[question.name] = question
    return questions


def load_question(path: Path) -> Question:
    """Read one question (errors as `saved_questions`)."""
    if not _NAME.fullmatch(path.stem):
        raise UsageError(f"{path}: a question's name is of small letters, digits and _, not {path.stem!r}")
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UsageError(f"{path}: too long for a question")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error
    lines = text.splitlines()
    if not lines or not lines[0].startswith("-- ") or not lines[0].rstrip().endswith((".", "?")):
        raise UsageError(f"{path}:1: the first line must say what is asked: `-- A sentence.`")
    has_parameters = len(lines) > 1 and lines[1].startswith("-- parameters:")
    declared = _parameters(lines[1].removeprefix("-- parameters:"), path) if has_parameters else {}
    sql = "\n".join(lines[1 + has_parameters :]).strip().removesuffix(";")
    try:
        used = parameters_of(sql)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error
    if used != set(declared):
        wrong = ", ".join(sorted(used ^ set(declared)))
        raise UsageError(f"{path}: {wrong}: every parameter is declared in line 2 (`-- parameters: …`) and used")
    return Question(path.stem, lines[0].removeprefix("-- ").strip(), declared, sql)


def _parameters(text: str, path: Path) -> dict[str, str | None]:
    matches = [(part.strip(), _PARAMETER.fullmatch(part.strip())) for part in text.split(",")]
    for part, match in matches:
        if not match:
            raise UsageError(f"{path}:2: {part!r} is not a parameter: `name` or `name = default`")
    return {match[1]: match[2] for _, match in matches if match}


def filled(question: Question, given: Mapping[str, str]) -> dict[str, str]:
    """Give a question's parameters their values.

    Raises:
        UsageError: One is missing, or is none of the question's.

    """
    for name in given:
        if name not in question.parameters:
            hint = similar(name, question.parameters) or f"; it has {', '.join(question.parameters) or 'none'}"
            raise UsageError(f"{question.name} has no parameter {name}{hint}")
    values = {**question.parameters, **given}
    missing = [name for name, value in values.items() if value is None]
    if missing:
        raise UsageError(f"{question.name} needs {' '.join(f'--set {name}=…' for name in missing)}")
    return {name: str(value) for name, value in values.items()}
