"""Scripts by which bash, zsh and fish complete verbs, flags and values."""

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Flag:
    """One flag: its name, what it is for, whether a value follows, and which values there are."""

    name: str
    what: str
    takes_value: bool
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verb:
    """One verb: its name, what it does, its flags, and which words may stand without a flag."""

    name: str
    what: str
    flags: tuple[Flag, ...]
    words: tuple[str, ...] = ()


def bash(verbs: Sequence[Verb]) -> str:
    """Write the script for bash; where nothing is known, files are offered."""
    lines = [
        "# Completion of pricewatch for bash.",
        "_pricewatch() {",
        '    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words=""',
        "    if ((COMP_CWORD == 1)); then",
        f"        words={_quoted(verb.name for verb in verbs)}",
        "    else",
        '        case "${COMP_WORDS[1]} $before" in',
    ]
    for verb in verbs:
        for flag in verb.flags:
            if flag.values:
                lines.append(f'            "{verb.name} {flag.name}") words={_quoted(flag.values)} ;;')
            elif flag.takes_value:
                lines.append(f'            "{verb.name} {flag.name}") return ;;')
    lines += ["            *)", '                case "${COMP_WORDS[1]} $word" in']
    for verb in verbs:
        lines.append(f'                    "{verb.name} -"*) words={_quoted(flag.name for flag in verb.flags)} ;;')
        if verb.words:
            lines.append(f'                    "{verb.name} "*) words={_quoted(verb.words)} ;;')
    lines += [
        "                esac ;;",
        "        esac",
        "    fi",
        '    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")',
        "}",
        "complete -o default -F _pricewatch pricewatch",
    ]
    return "\n".join(lines) + "\n"


def zsh(verbs: Sequence[Verb]) -> str:
    """Write the script for zsh; it may lie in `fpath` as `_pricewatch`, or be evaluated."""
    lines = [
        "#compdef pricewatch",
        "# Completion of pricewatch for zsh.",
        "_pricewatch() {",
        "    local -a verbs",
        "    verbs=(",
    ]
    lines += [f"        {shlex.quote(f'{verb.name}:{verb.what}')}" for verb in verbs]
    lines += ["    )", "    if (( CURRENT == 2 )); then", "        _describe verb verbs", "        return", "    fi"]
    lines += ["    local verb=$words[2]", "    shift words", "    (( CURRENT-- ))", "    case $verb in"]
    for verb in verbs:
        lines.append(f"        {verb.name}) _arguments \\")
        lines += [f"            {shlex.quote(_zsh_flag(flag))} \\" for flag in verb.flags]
        words = f"1:name:({' '.join(verb.words)})" if verb.words else "1:file:_files"
        lines.append(f"            {shlex.quote(words)} {shlex.quote('*:file:_files')} ;;")
    lines += ["    esac", "}"]
    lines.append(
        'if [[ $funcstack[1] == _pricewatch ]]; then _pricewatch "$@"; else compdef _pricewatch pricewatch; fi'
    )
    return "\n".join(lines) + "\n"


def fish(verbs: Sequence[Verb]) -> str:
    """Write the script for fish."""
    lines = ["# Completion of pricewatch for fish."]
    for verb in verbs:
        lines.append(f"complete -c pricewatch -n __fish_use_subcommand -f -a {verb.name} -d {_fish_quote(verb.what)}")
        chosen = f"complete -c pricewatch -n '__fish_seen_subcommand_from {verb.name}'"
        if verb.words:
            lines.append(f"{chosen} -a {_fish_quote(' '.join(verb.words))}")
        for flag in verb.flags:
            values = (
                f" -x -a {_fish_quote(' '.join(flag.values))}" if flag.values else " -r" if flag.takes_value else ""
            )
            lines.append(f"{chosen} -l {flag.name.removeprefix('--')}{values} -d {_fish_quote(flag.what)}")
    return "\n".join(lines) + "\n"


SHELLS: Mapping[str, Callable[[Sequence[Verb]], str]] = {"bash": bash, "zsh": zsh, "fish": fish}


def _quoted(words: Iterable[str]) -> str:
    return f'"{_spaced(words)}"'


def _spaced(words: Iterable[str]) -> str:
    return " ".join(words)


def _fish_quote(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _zsh_flag(flag: Flag) -> str:
    what = flag.what.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")
    after = f":value:({' '.join(flag.values)})" if flag.values else ":value:_files" if flag.takes_value else ""
    return f"{flag.name}[{what}]{after}"
