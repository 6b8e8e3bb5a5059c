"""The shape of the source: no import circle, small folders and classes, plain names."""

import ast
import re
from collections import Counter
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
MODULES = {
    ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in SOURCE.rglob("*.py")
}
MODULES_AT_MOST = 357
IMPORTS_IN_FUNCTIONS = 100
LISTS = {"envdeck.cli.commands", "envdeck.core.discovery.managers"}
"""Packages with one module for each command and each manager."""
NO_VERBS = {"as", "in", "of", "to", "with", "without", "said", "told", "mend", "anew", "jump"}
"""A function that begins so says neither what it does nor what it returns."""
NOUNS_IN_ING = {"finding", "onboarding", "staging"}
LONG = 450
"""Lines of a module; more is more than one subject."""
METHODS = 20
"""Methods of a class with those of its own bases."""
MANY_METHODS = {
    "BaseDetail": 22,
    "Disk": 24,
    "DotenvTab": 24,
    "EnvDeck": 25,
    "HealthContext": 25,
    "LinuxDisk": 24,
    "MacDisk": 24,
    "MainScreen": 25,
    "Operations": 27,
    "PackageList": 21,
    "PackagePage": 21,
    "Packages": 23,
    "ProjectDialog": 22,
    "ProjectFacts": 24,
    "ProjectTab": 21,
    "WalkthroughScreen": 23,
    "WindowsDisk": 24,
}
PARAMETERS = 7
MANY_PARAMETERS = {
    "_key": 8,
    "view": 9,
}
"""These lists only get shorter."""


@cache
def trees() -> dict[str, ast.Module]:
    """Return the modules as syntax: read by who asks, and not by every process that collects."""
    return {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}


def imports(name: str) -> set[str]:
    """Return the modules that one imports, in functions and for types included."""
    found: set[str] = set()
    for node in ast.walk(trees()[name]):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                found.add(full if full in MODULES else node.module)
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
    return {other for other in found if other in MODULES and other != name}


def test_no_module_imports_itself_through_others():
    try:
        TopologicalSorter({name: imports(name) for name in MODULES}).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


def test_modules_are_few_and_folders_small():
    modules = [name for name, path in MODULES.items() if path.name != "__init__.py"]
    assert len(modules) <= MODULES_AT_MOST
    folders = Counter(name.rpartition(".")[0] for name in modules)
    assert {name: count for name, count in folders.items() if count > 20} == {
        name: folders[name] for name in LISTS if folders[name] > 20
    }


def test_a_module_is_one_subject():
    lengths = {name: path.read_text("utf-8").count("\n") for name, path in MODULES.items()}
    assert {name: lines for name, lines in lengths.items() if lines > LONG} == {}


def test_names_are_no_participles():
    parts = {part for name in MODULES for part in name.split(".")}
    assert {part for part in parts if part.endswith("ing")} == NOUNS_IN_ING


def test_functions_are_called_by_a_verb_or_a_noun():
    named = {
        f"{module}.{node.name}"
        for module, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.strip("_").partition("_")[0] in NO_VERBS
    }
    assert named == set()


def imports_in_functions(tree: ast.Module) -> list[tuple[int, int]]:
    """Return the first and the last line of each import in a function, by their order."""
    return sorted(
        {
            (inner.lineno, inner.end_lineno or inner.lineno)
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            for inner in ast.walk(node)
            if isinstance(inner, ast.Import | ast.ImportFrom)
        }
    )


def test_an_import_in_a_function_is_the_exception_and_says_why():
    count, silent = 0, []
    for name, tree in trees().items():
        lines = MODULES[name].read_text(encoding="utf-8").splitlines()
        before, explained = 0, False
        for first, last in imports_in_functions(tree):
            count += 1
            follows = before and not any(line.strip() for line in lines[before : first - 1])
            beside = any("#" in line for line in lines[first - 1 : last])
            above = lines[first - 2].strip().startswith("#")
            explained = beside or above or bool(follows and explained)
            if not explained:
                silent.append(f"{name}:{first}")
            before = last
    assert silent == []
    assert count <= IMPORTS_IN_FUNCTIONS


def test_classes_are_made_by_our_own_dataclasses_which_a_start_can_afford():
    found = {
        name
        for name, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        and "dataclasses" in (getattr(node, "module", None), *(each.name for each in node.names))
    }
    assert found == {"envdeck.core.lazy_dataclasses"}, "import them from there"


def classes() -> dict[str, ast.ClassDef]:
    """Return the classes of the program by their names."""
    return {
        node.name: node
        for tree in trees().values()
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    }


def methods(name: str, known: dict[str, ast.ClassDef]) -> set[str]:
    """Return the methods of a class, and of its bases that are ours."""
    found: set[str] = set()
    for node in known[name].body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
    for base in known[name].bases:
        named = base.value if isinstance(base, ast.Subscript) else base
        if isinstance(named, ast.Name) and named.id in known and named.id != name:
            found |= methods(named.id, known)
    return found


def test_a_screen_and_a_class_have_few_methods():
    known = classes()
    counts = {name: len(methods(name, known)) for name in known}
    large = {name: count for name, count in counts.items() if count > METHODS}
    assert {name: n for name, n in large.items() if n > MANY_METHODS.get(name, METHODS)} == {}
    assert set(MANY_METHODS) <= set(large), "a class became small: take it from the list"


def is_alias(node: ast.stmt) -> bool:
    """Tell whether a statement gives a name to a type."""
    return isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation) == "TypeAlias"


def test_the_name_of_a_class_has_one_meaning():
    places: dict[str, list[str]] = {}
    for module, tree in trees().items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(module)
            elif is_alias(node):
                places.setdefault(ast.unparse(node.target), []).append(module)
    public = {name: found for name, found in places.items() if not name.startswith("_")}
    assert {name: found for name, found in public.items() if len(found) > 1} == {}


def test_a_function_takes_few_arguments():
    many: Counter[str] = Counter()
    for tree in trees().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                count = len([one for one in given if one.arg not in ("self", "cls")])
                many[node.name] = max(many[node.name], count)
    over = {name: count for name, count in many.items() if count > PARAMETERS}
    assert {name: n for name, n in over.items() if n > MANY_PARAMETERS.get(name, 0)} == {}
    assert set(MANY_PARAMETERS) <= set(over), "a function takes fewer: take it from the list"


def test_no_text_names_a_class_where_it_means_a_word():
    known = {name for name in classes() if sum(letter.isupper() for letter in name) > 1}
    named = [
        f"{module}:{node.lineno} {word}"
        for module, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for word in re.findall(r"(?<![\w`.:~])([A-Z]\w+)(?=[ ,:] ?[a-z])", node.value)
        if word in known and "{" not in node.value
    ]
    assert [each for each in named if not each.endswith(" EnvDeck")] == []


READERS = (
    *("discovery", "inspection", "project", "onboarding", "health", "dotenv", "git", "online"),
    "operations.sources",
)
"""Packages of the core that follow what files and links name."""
ASKS = {
    *("exists", "isfile", "isdir", "islink", "lexists", "realpath", "samefile", "getsize"),
    *("stat", "lstat", "listdir", "scandir", "access", "open", "walk", "getmtime", "ismount"),
}
ASK_THEMSELVES = {
    "envdeck.core.discovery.managers": "lists this package",
    "envdeck.core.discovery.project_roots": "mount points, where no table tells them",
    "envdeck.core.discovery.walk": "roots, and what it lists itself on their disks",
    "envdeck.core.inspection.processes": "/proc, and links in it that are not followed",
    "envdeck.core.inspection.size": "what it lists itself, links not followed",
    "envdeck.core.online.audit": "writes a folder of its own",
    "envdeck.core.online.client": "a folder of its own",
}
"""The others ask by `system.reach`, which touches no network disk that nobody named."""


def test_what_a_file_or_a_link_names_is_asked_for_by_reach():
    found = set()
    for name, tree in trees().items():
        if not name.startswith(tuple(f"envdeck.core.{one}" for one in READERS)):
            continue
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            head, _, last = called.rpartition(".")
            if called == "open" or (head in {"os", "os.path"} and last in ASKS):
                found.add(name)
    assert found == set(ASK_THEMSELVES)
