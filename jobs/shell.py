"""The shell of `pricewatch sql`: multi-line editing, completion, history and paging, by prompt_toolkit."""

import os
import pydoc
import shlex
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from jobs.console import Console
from jobs.sql import end_at_once, parameters, show_answer
from quality.errors import QualityError, UsageError
from quality.investigate.answers import FORMATS
from quality.investigate.catalogue import views
from quality.investigate.queries import Limits, Sources, StuckError, answering, read_query
from quality.investigate.questions import Question, saved_questions
from quality.text import similar

try:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import CompleteEvent, Completer, Completion
    from prompt_toolkit.document import Document
    from prompt_toolkit.filters import Condition
    from prompt_toolkit.history import FileHistory
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
    from prompt_toolkit.lexers import PygmentsLexer
    from pygments.lexers.sql import SqlLexer
except ModuleNotFoundError as missing:
    raise UsageError(
        f"the shell needs {missing.name}: pip install 'pricewatch-panel[shell]'; "
        'without it, give a query: pricewatch sql "select …"'
    ) from missing

_DONE = 0
_COMMANDS = {
    ".help": "these lines; .help VIEW says what its columns are",
    ".views": "the views and their columns",
    ".questions": "the saved questions; ask one by its name: ticker_history ticker=ST0059",
    ".format": f"how answers are shown: .format {'|'.join(name for name in FORMATS if name != 'parquet')}",
    ".rows": "how many rows are shown: .rows 100, .rows 0 for all",
    ".quit": "leave (so does Ctrl-D)",
}
# What a statement is written with, most of all.
_WORDS = """select from where group by order limit join using on left as and or not in is null count(*) sum( avg(
min( max( distinct having qualify over partition case when then else end desc with date between like""".split()  # noqa: SIM905


@dataclass
class Shell:
    """What a session of the shell knows."""

    sources: Sources
    limits: Limits
    questions: dict[str, Question]
    folders: Sequence[str]
    console: Console
    format: str = "table"
    rows: int = 200

    def answer(self, line: str) -> bool:
        """Do what a line says; False to leave."""
        text = line.strip()
        if not text:
            return True
        if text.rstrip(";") in (".quit", ".exit", "quit", "exit"):
            return False
        try:
            if text.startswith(".") or text in ("help", "help;"):
                self._command(text.lstrip(".").rstrip(";"))
            else:
                self._ask(text)
        except StuckError as error:
            end_at_once(str(error), self.console)
        except QualityError as error:
            self.console.warn(str(error), "error")
        except KeyboardInterrupt:
            self.console.warn("interrupted")
        return True

    def _ask(self, text: str) -> None:
        name, *given = shlex.split(text.rstrip(";")) if self.is_question(text) else [text]
        query = read_query(name, parameters(given), self.folders)
        out = StringIO()
        with answering(query, self.sources, self.limits) as answer, redirect_stdout(out):
            show_answer(answer, self.format, self.rows, self.limits, self.console)
        page(out.getvalue())

    def is_question(self, text: str) -> bool:
        """Tell whether a line asks a saved question."""
        return text.split(maxsplit=1)[:1] != [] and text.rstrip("; ").split(maxsplit=1)[0] in self.questions

    def is_complete(self, text: str) -> bool:
        """Tell whether Enter ends a text: a statement ends with `;`."""
        stripped = text.strip()
        return (
            not stripped
            or stripped.startswith(".")
            or stripped.endswith(";")
            or self.is_question(stripped)
            or (stripped in ("help", "quit", "exit"))
        )

    def _command(self, text: str) -> None:
        name, _, rest = text.partition(" ")
        if name == "help" and rest:
            self._help_on(rest.strip())
        elif name == "help":
            page("".join(f"{line}\n" for line in self._help()))
        elif name == "views":
            page("".join(f"{line}\n" for view in views() for line in describe_view(view)))
        elif name == "questions":
            width = max(map(len, self.questions), default=0)
            page("".join(f"{name:<{width}}  {question.usage}\n" for name, question in self.questions.items()))
        elif name == "format" and rest in FORMATS and rest != "parquet":
            self.format = rest
        elif name == "rows" and rest.isascii() and rest.isdecimal():
            self.rows = int(rest[:9])
        else:
            known = similar(f".{name}", _COMMANDS) or f"; there is {', '.join(_COMMANDS)}"
            raise UsageError(f"cannot do .{text}{known}")

    def _help_on(self, name: str) -> None:
        if name not in views():
            hint = similar(name, views()) or f"; there is {', '.join(views())}"
            raise UsageError(f"there is no view {name}{hint}")
        page("".join(f"{line}\n" for line in describe_view(name)))

    def _help(self) -> Iterator[str]:
        yield "Write a SELECT and end it with `;`: until then, Enter goes to the next line. Tab completes."
        yield ""
        for name, what in _COMMANDS.items():
            yield f"  {name:<11} {what}"
        yield ""
        for name, view in views().items():
            missing = "" if name in self.sources.offers else f"   (not given: {view.option})"
            yield f"  {name:<11} {view.what}{missing}"


def describe_view(name: str) -> Iterator[str]:
    """Say what a view holds, and its columns."""
    view = views()[name]
    yield f"{name}: {view.what}"
    width = max(map(len, view.columns))
    for column, what in view.columns.items():
        yield f"  {column:<{width}}  {what}"
    yield ""


def page(text: str) -> None:
    """Show a text; one that is longer than the screen, in a pager."""
    if text.count("\n") < shutil.get_terminal_size().lines - 2:
        print(text, end="")
    else:
        os.environ.setdefault("LESS", "-SRFX")
        pydoc.pager(text)


class Words(Completer):
    """Completes views, columns, questions, rule names' columns and the words of SQL."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:  # noqa: ARG002
        """Give what the word before the cursor may become."""
        text = document.text_before_cursor
        word = document.get_word_before_cursor(WORD=text.lstrip().startswith("."))
        for name, what in self._offers(document.text, text, word):
            if word and name.lower().startswith(word.lower()) and name != word:
                yield Completion(name, start_position=-len(word), display_meta=what)

    def _offers(self, whole: str, before: str, word: str) -> Iterator[tuple[str, str]]:
        if before.lstrip().startswith("."):
            yield from _COMMANDS.items()
            yield from ((name, view.what) for name, view in views().items())
            return
        if before.strip() == word:
            yield from ((name, question.what) for name, question in self._shell.questions.items())
        named = [view for name, view in views().items() if name in whole]
        for view in named or views().values():
            yield from ((column, f"{view.name}: {what}") for column, what in view.columns.items())
        yield from ((name, view.what) for name, view in views().items())
        yield from ((name, "") for name in dict.fromkeys(_WORDS))


def _keys(shell: Shell) -> KeyBindings:
    """Let Enter end a text that is complete, and go to the next line in any other."""
    keys = KeyBindings()

    @keys.add("enter", filter=Condition(lambda: True))
    def _enter(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.complete_state and buffer.complete_state.current_completion:
            buffer.complete_state = None
        elif shell.is_complete(buffer.text):
            buffer.validate_and_handle()
        else:
            buffer.insert_text("\n")

    return keys


def history_file() -> Path:
    """Give the file of what was asked, made for its owner alone."""
    home = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "pricewatch"
    home.mkdir(parents=True, exist_ok=True)
    path = home / "sql_history"
    path.touch(mode=0o600, exist_ok=True)
    return path


def open_shell(sources: Sources, limits: Limits, folders: Sequence[str], console: Console) -> int:
    """Read lines and answer them until the end of input."""
    console.end()  # no progress between the lines
    shell = Shell(sources, limits, saved_questions(folders), folders, console)
    offered = ", ".join(name for name in views() if name in sources.offers) or "none: give --panel or --run"
    console.say(f"pricewatch sql, read-only; views: {offered}; .help says more")
    session: PromptSession[str] = PromptSession(
        "sql> ",
        multiline=True,
        prompt_continuation=lambda width, _number, _wrapped: "…> ".rjust(width),
        completer=Words(shell),
        complete_while_typing=True,
        history=FileHistory(str(history_file())),
        lexer=PygmentsLexer(SqlLexer),
        key_bindings=_keys(shell),
        enable_history_search=False,
    )
    while True:
        try:
            if not shell.answer(session.prompt()):
                return _DONE
        except KeyboardInterrupt:
            continue
        except EOFError:
            return _DONE
