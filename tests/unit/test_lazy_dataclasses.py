"""Classes that are compiled late do what `dataclasses` makes of them, and load less."""

import copy
import dataclasses
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from envdeck.core import lazy_dataclasses

Maker = Callable[..., Any]
EVERY_CLASS = """
import dataclasses, importlib, inspect, pkgutil
from envdeck.core import lazy_dataclasses as lazy

make, pairs = lazy._make, []

def make_both(cls, options):
    content = {n: v for n, v in vars(cls).items() if n not in ("__dict__", "__weakref__")}
    for name, value in content.items():
        if isinstance(value, lazy._Field):
            given = {"default": value.default, "default_factory": value.default_factory}
            given = {n: v for n, v in given.items() if v is not lazy._MISSING}
            content[name] = dataclasses.field(**given, **value.options)
    pairs.append((make(cls, options), type(cls)(cls.__name__, cls.__bases__, content), options))
    return pairs[-1][0]

def call(cls):
    made = (dataclasses._HAS_DEFAULT_FACTORY, lazy._MISSING)
    parameters = inspect.signature(cls.__init__).parameters.values()
    return [(p.name, p.kind, None if p.default in made else p.default) for p in parameters]

lazy._make = make_both
import envdeck
for module in pkgutil.walk_packages(envdeck.__path__, "envdeck."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
for ours, cls, options in pairs:
    theirs = dataclasses.dataclass(**options)(cls)
    if ours.__init__.__name__ in ("first_init", "later_init"):
        ours.__init__ = lazy._compile_init(
            ours, lazy._fields(ours), slots=options.get("slots", False),
            frozen=options.get("frozen", False))
    assert call(ours) == call(theirs), ours
    assert ours.__match_args__ == theirs.__match_args__, ours
    assert vars(ours).get("__slots__") == vars(theirs).get("__slots__"), ours
    assert (ours.__hash__ is None) == (theirs.__hash__ is None), ours
    for name in ("__eq__", "__lt__", "__setattr__", "__delattr__", "__repr__", "__getstate__"):
        assert (name in vars(ours)) == (name in vars(theirs)), (ours, name)
print(len(pairs))
"""


@pytest.fixture(params=[lazy_dataclasses, dataclasses], ids=["lazy", "dataclasses"])
def library(request: pytest.FixtureRequest) -> Any:
    return request.param


def shapes(library: Any) -> tuple[Any, Any, Any]:
    dataclass, field = library.dataclass, library.field

    @dataclass(frozen=True, slots=True)
    class Base:
        kind: ClassVar[str] = "base"
        name: str
        secret: str = field(default="", repr=False, compare=False)
        items: dict[str, int] = field(default_factory=dict, hash=False)

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Derived(Base):
        count: int = 1
        double: int = field(init=False)

        def __post_init__(self) -> None:
            object.__setattr__(self, "double", self.count * 2)

    @dataclass(order=True)
    class Plain:
        first: int
        rest: list[int] = field(default_factory=list)
        later: int = 3

    return Base, Derived, Plain


def test_an_object_has_what_it_was_given_and_the_defaults(library):
    base, derived, plain = shapes(library)
    for _ in range(3):  # the first is made by other code than the next
        made = derived("a", count=4)
        assert (made.name, made.secret, made.items, made.count, made.double) == ("a", "", {}, 4, 8)
        assert (base.kind, plain.later, plain(1).rest) == ("base", 3, [])
    assert plain(1).rest is not plain(1).rest


@pytest.mark.parametrize(
    ("args", "arguments", "message"),
    [
        ((), {}, "missing 1 required positional argument: 'name'"),
        (("a",), {"nothing": 1}, "unexpected keyword argument 'nothing'"),
        (("a", "", {}, 1), {}, "takes from 2 to 4 positional arguments but 5 were given"),
        (("a",), {"name": "b"}, "multiple values for argument 'name'"),
    ],
)
def test_arguments_that_do_not_fit_are_explained(library, args, arguments, message):
    base, _, _ = shapes(library)
    for _ in range(3):
        with pytest.raises(TypeError, match=message):
            base(*args, **arguments)
    assert base("a").name == "a"


def test_objects_compare_by_class_and_fields(library):
    base, derived, plain = shapes(library)
    assert base("a", "x") == base("a", "y") != base("b")
    assert hash(base("a", "x", {"k": 1})) == hash(base("a", "y", {"k": 2}))
    assert base("a") != derived("a")
    assert plain(1, [2]) < plain(1, [3]) <= plain(1, [3])
    assert plain.__hash__ is None
    with pytest.raises(TypeError):
        assert plain(1) < base("a")


def test_no_field_is_assigned_where_they_are_frozen(library):
    base, _, plain = shapes(library)
    made, changed = base("a"), plain(1)
    changed.first = 2
    assert changed.first == 2
    for change in (lambda: setattr(made, "name", "b"), lambda: delattr(made, "name")):
        with pytest.raises(AttributeError, match="'name'"):
            change()
    with pytest.raises((AttributeError, TypeError)):
        made.other = 1


def test_what_is_shown_leaves_out_what_is_hidden(library):
    base, derived, plain = shapes(library)
    assert repr(base("a", "hidden")).endswith(".Base(name='a', items={})")
    assert repr(derived("a")).endswith(".Derived(name='a', items={}, count=1, double=2)")
    loop = plain(1)
    loop.rest.append(loop)
    assert repr(loop).endswith(".Plain(first=1, rest=[...], later=3)")


def test_the_functions_of_the_standard_library_know_the_objects(library):
    base, derived, plain = shapes(library)
    for each in (dataclasses, library):
        assert each.replace(derived("a"), count=3).double == 6
        assert [one.name for one in each.fields(base)] == ["name", "secret", "items"]
        nested = plain(1, [base("a", items={"k": (1,)})])
        inner = {"name": "a", "secret": "", "items": {"k": (1,)}}
        assert each.asdict(nested) == {"first": 1, "rest": [inner], "later": 3}
        with pytest.raises(TypeError):
            each.replace(base("a"), nothing=1)
    foreign = dataclasses.make_dataclass("foreign", ["name"])
    assert library.replace(foreign("a"), name="b") == foreign("b")
    assert copy.deepcopy(base("a", "b")) == base("a", "b")
    assert copy.copy(derived("a", count=2)).double == 4


def test_a_mutable_default_is_refused(library):
    with pytest.raises(ValueError, match="default_factory"):

        @library.dataclass
        class _Shared:
            items: list[int] = []  # noqa: RUF012 - this is the mistake


@lazy_dataclasses.dataclass(frozen=True, slots=True)
class Sent:
    name: str
    count: int = 2


def test_an_object_is_sent_to_another_process():
    assert pickle.loads(pickle.dumps(Sent("a", 3))) == Sent("a", 3)


def test_every_class_of_the_program_is_what_dataclasses_makes_of_it():
    done = subprocess.run(
        [sys.executable, "-c", EVERY_CLASS], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) > 300
