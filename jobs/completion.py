"""`pricewatch completion`: completion for a shell."""

import argparse
import importlib

from jobs.cli import VERBS
from jobs.running import DONE, Console, build_parser
from jobs.shells import SHELLS, Flag, Verb
from quality.investigate.questions import saved_questions
from quality.rules.loading import ruleset_names
from quality.settings import Settings

SUMMARY = """Print the script by which a shell completes verbs, flags and values.

bash: pricewatch completion bash > ~/.local/share/bash-completion/completions/pricewatch
zsh:  pricewatch completion zsh > a folder of $fpath, as _pricewatch
fish: pricewatch completion fish > ~/.config/fish/completions/pricewatch.fish"""
EXAMPLE = "  pricewatch completion bash"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("shell", choices=list(SHELLS), metavar="SHELL", help=" or ".join(SHELLS))


def run(options: argparse.Namespace, _settings: Settings, console: Console) -> int:
    """Print the script."""
    script = SHELLS[options.shell](_verbs())
    console.result({"shell": options.shell, "script": script})
    if not console.as_json:
        console.data(script)
    return DONE


def _verbs() -> list[Verb]:
    words = {"sql": tuple(saved_questions()), "help": tuple(VERBS)}
    return [Verb(name, what, _flags(name), words.get(name, ())) for name, what in VERBS.items()]


def _flags(verb: str) -> tuple[Flag, ...]:
    known = {"--ruleset": tuple(ruleset_names()), "--calendar": ("panel", "weekdays", "XNYS")}
    parser = build_parser(verb, importlib.import_module(f"jobs.{verb}"))
    return tuple(
        Flag(
            flag,
            (action.help or "").replace("%%", "%"),
            action.nargs != 0,
            tuple(map(str, action.choices or ())) or known.get(flag, ()),
        )
        for action in parser.actions()
        for flag in action.option_strings
        if flag.startswith("--")
    )
