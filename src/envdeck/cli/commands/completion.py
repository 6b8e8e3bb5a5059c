"""`envdeck completion SHELL`: a script that completes commands in a shell."""

import re
from argparse import Action, ArgumentParser, Namespace
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType

import shtab

from envdeck.cli.arguments import build_scope, other_names
from envdeck.cli.console import CommandError, Exit
from envdeck.cli.context import CommandContext
from envdeck.cli.main import whole_parser
from envdeck.core.discovery.managers import manager_classes
from envdeck.text.environment import minor_version

DESCRIPTION = """Print a shell completion script for envdeck's commands, options and folders, and
for the names of environments, managers, sources, Pythons and operations."""

EXAMPLES = """  eval "$(envdeck completion bash)"                  add to ~/.bashrc
  envdeck completion zsh > ~/.zfunc/_envdeck        with ~/.zfunc in fpath
  envdeck completion fish > ~/.config/fish/completions/envdeck.fish"""

SHELLS = ("bash", "zsh", "tcsh", "fish")
_SAFE = re.compile(r"[\w.+~@:/-]*", re.ASCII)
"""What a shell reads as it stands. Bash expands the words it is given: a folder can be called
`$(rm x)`."""


def add_arguments(parser: ArgumentParser) -> None:
    """Say which arguments the command takes."""
    parser.add_argument("shell", nargs="?", choices=SHELLS, metavar="SHELL", help=", ".join(SHELLS))
    parser.add_argument(
        "--names",
        dest="kind",
        choices=tuple(_NAMES),
        metavar="KIND",
        help=f"print names: {', '.join(_NAMES)}",
    )


def run(arguments: Namespace, context: CommandContext) -> int:
    """Print a completion script, or names for one."""
    if arguments.kind:
        for name in sorted(filter(_SAFE.fullmatch, set(_NAMES[arguments.kind](context)))):
            context.console.line(name)
        return Exit.DONE
    if arguments.shell is None:
        raise CommandError(f"missing shell ({', '.join(SHELLS)})", hint="envdeck completion bash")
    if arguments.shell not in shtab.SUPPORTED_SHELLS:
        raise CommandError(
            f"shtab {shtab.__version__} does not support {arguments.shell}",
            hint="pip install --upgrade shtab",
        )
    parser = whole_parser()
    for action in _actions(parser):
        _mark(action)
    template = {"bash": _BASH, "zsh": _ZSH}.get(arguments.shell)
    preamble = _functions(template) if template else ""
    script = shtab.complete(parser, shell=arguments.shell, preamble=preamble)
    context.console.line(script.rstrip("\n"))
    return Exit.DONE


def _actions(parser: ArgumentParser) -> Iterator[Action]:
    """Yield the arguments of all commands."""
    for action in parser._actions:  # noqa: SLF001  argparse has no other way to them
        if isinstance(action.choices, dict):
            for command in action.choices.values():
                yield from command._actions  # noqa: SLF001  as above


def _environments(context: CommandContext) -> Iterable[str]:
    known = context.catalog().remembered(build_scope((), context, sizes=False))
    count = Counter(name for one in known for name in {one.name, *other_names(one)})
    return (name for name, times in count.items() if times == 1)


def _managers(_context: CommandContext) -> Iterable[str]:
    return (manager.name for manager in manager_classes())


def _sources(_context: CommandContext) -> Iterable[str]:
    return ("exact", "lock", "declared")


def _pythons(context: CommandContext) -> Iterator[str]:
    catalog = context.catalog()
    known = catalog.remembered(build_scope((), context, sizes=False))
    versions = [one.python.version for one in known]
    for version in (*versions, *(one.version for one in catalog.remembered_interpreters())):
        yield from filter(None, (version, minor_version(version)))


def _operations(context: CommandContext) -> Iterator[str]:
    operations = context.operations()
    yield from (item.id for item in operations.trash())
    yield from (each.entry.id for each in operations.history() if hasattr(each.entry, "id"))


_NAMES: Mapping[str, Callable[[CommandContext], Iterable[str]]] = MappingProxyType(
    {
        "environments": _environments,
        "managers": _managers,
        "sources": _sources,
        "pythons": _pythons,
        "operations": _operations,
    }
)
"""What a shell asks for while somebody types; from the index and the journal alone."""
_ARGUMENTS = {
    "ENV": "environments",
    "ENV_OR_PATH": "environments",
    "ENV_OR_FILE": "environments",
    "PROJECT": "environments",
    "ID": "operations",
    "--manager": "managers",
    "--from": "sources",
    "--python": "pythons",
}
"""By their option, or what stands for them in a usage, what arguments name."""
_FOLDERS = {"environments": ("-d", "_files -/"), "sources": ("-f", "_files")}
"""What is completed beside names: the option of bash's `compgen`, and what zsh calls."""
_BASH = """_envdeck_{kind}() {{
  local IFS=$'\\n'
  compgen -W "$(envdeck completion --names {kind} 2>/dev/null)" -- "$1"
  {beside}
}}"""
_ZSH = """_envdeck_{kind}() {{
  local -a names
  names=(${{(f)"$(envdeck completion --names {kind} 2>/dev/null)"}})
  compadd -a names
  {beside}
}}"""


def _functions(template: str) -> str:
    """Return a function for each kind of names."""
    found = []
    for kind in _NAMES:
        option, files = _FOLDERS.get(kind, ("", ""))
        beside = files if template is _ZSH else f'compgen {option} -- "$1"'
        found.append(template.format(kind=kind, beside=beside if option else ":"))
    return "\n".join(found)


def _mark(action: Action) -> None:
    """Tell shtab with what an argument is completed."""
    metavar = action.metavar if isinstance(action.metavar, str) else ""
    named = [_ARGUMENTS.get(each) for each in (*action.option_strings, metavar)]
    kind = next(filter(None, named), None)
    if kind is None:
        return
    names = f"envdeck completion --names {kind} 2>/dev/null"
    beside = {
        "environments": "; __fish_complete_directories",
        "sources": "; __fish_complete_path (commandline -ct)",
    }
    action.complete = {  # type: ignore[attr-defined]  # how shtab is told
        "bash": f"_envdeck_{kind}",
        "zsh": f"_envdeck_{kind}",
        "tcsh": "d",
        "fish": f"({names}{beside.get(kind, '')})",
    }
