"""Dataclasses whose `__init__` is compiled when their second object is made.

:mod:`dataclasses` takes 20 ms to import, with `inspect` and `ast`, and 1.2 ms for each frozen class
with slots, most of it to compile methods; a short command makes objects of one class in five. What
the classes do is the same: the tests compare each with what `dataclasses` makes of it. A type
checker sees `dataclasses` itself, and :func:`dataclasses.replace` and its like find the fields.
"""
# ruff: noqa: ANN401 - fields and arguments hold anything

import operator
import sys
from collections.abc import Callable, Iterable, Mapping
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, ClassVar, get_origin

__all__ = ["asdict", "dataclass", "field", "fields", "replace"]

_MISSING = object()
_ORDER = {f"__{name}__": getattr(operator, name) for name in ("lt", "le", "gt", "ge")}


class _Field:
    """One field, with the names of `dataclasses.Field`."""

    __slots__ = ("default", "default_factory", "name", "options", "type")

    def __init__(self, default: object, factory: Any, options: dict[str, Any]) -> None:
        self.name = ""
        self.type: object = None
        self.default = default
        self.default_factory = factory
        self.options = options
        """`init`, `repr`, `hash`, `compare` and `kw_only`, where they were given."""

    def is_in(self, part: str) -> bool:
        """Tell whether the field takes part in `init`, `repr`, `compare` or `hash`."""
        chosen = self.options.get(part)
        if chosen is None:
            return part != "hash" or self.is_in("compare")
        return bool(chosen)


def _field(*, default: Any = _MISSING, default_factory: Any = _MISSING, **options: Any) -> Any:
    return _Field(default, default_factory, options)


def _standard() -> Any:
    import dataclasses  # start-up: 20 ms, and no short command asks

    return dataclasses


class _Standard:
    """An attribute by which the standard library knows a dataclass, made when it is first asked
    for."""

    def __init__(self, name: str, *, frozen: bool) -> None:
        self.name = name
        self.frozen = frozen

    def __get__(self, instance: object, owner: type) -> Any:
        dataclasses = _standard()
        found = []
        for one in _fields(owner):
            options = dict(one.options)
            if one.default is not _MISSING:
                options["default"] = one.default
            if one.default_factory is not _MISSING:
                options["default_factory"] = one.default_factory
            found.append((one.name, one.type, dataclasses.field(**options)))
        made = getattr(
            dataclasses.make_dataclass(owner.__name__, found, frozen=self.frozen), self.name
        )
        setattr(owner, self.name, made)
        return made


def _fields(of: Any) -> tuple[_Field, ...]:
    known: Mapping[str, _Field] = of.__lazy_fields__
    return tuple(known.values())


def _replace(instance: Any, /, **changes: Any) -> Any:
    if not hasattr(instance, "__lazy_fields__"):
        return _standard().replace(instance, **changes)  # another library's: Textual's bindings
    kind = type(instance)
    values = dict(zip(kind.__lazy_given__, kind.__lazy_values__(instance), strict=True))
    return kind(**(values | changes))


def _asdict(value: Any) -> Any:
    if hasattr(type(value), "__lazy_fields__"):
        return {one.name: _asdict(getattr(value, one.name)) for one in _fields(value)}
    if isinstance(value, list | tuple):
        return type(value)(map(_asdict, value))
    if isinstance(value, dict):
        return {key: _asdict(inner) for key, inner in value.items()}
    return value


def _dataclass(cls: Any = None, /, **options: bool) -> Any:
    return _make(cls, options) if cls is not None else lambda cls: _make(cls, options)


def _make(cls: type, options: Mapping[str, bool]) -> Any:
    slots, frozen = options.get("slots", False), options.get("frozen", False)
    known: dict[str, _Field] = {}
    for base in cls.__mro__[:0:-1]:
        known |= vars(base).get("__lazy_fields__", {})
    own = _own_fields(cls, kw_only=options.get("kw_only", False))
    known |= own
    content = {name: value for name, value in vars(cls).items() if name not in own}
    made: Any = cls

    def first_init(self: Any, *args: Any, **arguments: Any) -> None:
        made.__init__ = later_init  # most classes of a short command have one object
        if not _fill(self, args, arguments):
            later_init(self, *args, **arguments)

    def later_init(self: Any, *args: Any, **arguments: Any) -> None:
        made.__init__ = _compile_init(made, _fields(made), slots=slots, frozen=frozen)
        made.__init__(self, *args, **arguments)

    given = [one for one in known.values() if one.is_in("init") and not one.options.get("kw_only")]
    usual = {
        "__init__": first_init,
        "__repr__": _repr,
        "__match_args__": tuple(one.name for one in given),
    }
    if slots and frozen:
        usual |= {"__getstate__": _get_state, "__setstate__": _set_state}
    if options.get("eq", True):
        usual |= _comparisons(known.values(), order=options.get("order", False))
        if content.get("__hash__") is None:
            content["__hash__"] = _hash_of(known.values()) if frozen else None
    if frozen:
        usual |= {"__setattr__": _refuse, "__delattr__": _refuse}
    content = usual | content
    content["__lazy_fields__"] = known
    content["__lazy_given__"] = tuple(one.name for one in known.values() if one.is_in("init"))
    content["__lazy_values__"] = _key(known.values(), "init")
    for name in ("__dataclass_fields__", "__dataclass_params__"):
        content[name] = _Standard(name, frozen=frozen)
    if not slots:
        content |= {one.name: one.default for one in own.values() if one.default is not _MISSING}
        for name in own.keys() & vars(cls).keys() - content.keys():
            delattr(cls, name)
        for name in content.keys() - {"__dict__", "__weakref__"}:
            if content[name] is not vars(cls).get(name, _MISSING):
                setattr(cls, name, content[name])
        return cls
    inherited = {name for base in cls.__mro__[1:] for name in vars(base).get("__slots__", ())}
    content["__slots__"] = tuple(name for name in known if name not in inherited)
    content.pop("__dict__", None)
    content.pop("__weakref__", None)
    made = type(cls)(cls.__name__, cls.__bases__, content)
    made.__qualname__ = cls.__qualname__
    return made


def _own_fields(cls: type, *, kw_only: bool) -> dict[str, _Field]:
    has = sys.version_info >= (3, 14) or "__annotations__" in vars(cls)
    annotations: Mapping[str, Any] = cls.__annotations__ if has else {}
    found = {}
    for name, kind in annotations.items():
        if kind.startswith("ClassVar") if isinstance(kind, str) else get_origin(kind) is ClassVar:
            continue
        value = vars(cls).get(name, _MISSING)
        one = value if isinstance(value, _Field) else _Field(value, _MISSING, {})
        if type(one.default).__hash__ is None:
            raise ValueError(f"{cls.__name__}.{name}: use default_factory for a mutable default")
        one.name, one.type = name, kind
        if kw_only:
            one.options.setdefault("kw_only", True)
        found[name] = one
    return found


def _fill(self: Any, args: tuple[Any, ...], arguments: Mapping[str, Any]) -> bool:
    """Do as the compiled `__init__`, ten times as slowly; return False, with nothing done, where
    the arguments do not fit, which it explains."""
    known = _fields(self)
    taken = [one for one in known if one.is_in("init")]
    places = [one.name for one in taken if not one.options.get("kw_only")]
    values = {**dict(zip(places, args, strict=False)), **arguments}
    needed = {one.name for one in taken if one.default is one.default_factory}  # neither is there
    fits = needed <= values.keys() <= {one.name for one in taken}
    if not fits or len(args) > len(places) or not arguments.keys().isdisjoint(places[: len(args)]):
        return False
    for one in known:
        if one.name not in values:
            if one.default_factory is not _MISSING:
                values[one.name] = one.default_factory()
            elif one.default is not _MISSING:
                values[one.name] = one.default
            else:
                continue
        object.__setattr__(self, one.name, values[one.name])
    if hasattr(self, "__post_init__"):
        self.__post_init__()
    return True


def _compile_init(
    cls: type, known: Iterable[_Field], *, slots: bool, frozen: bool
) -> Callable[..., None]:
    """Return the `__init__` of a class; where it is frozen, its slots are set behind its back."""
    names: dict[str, Any] = {"_missing": _MISSING, "_set": object.__setattr__}
    positional, keywords, body = ["self"], ["*"], []
    for one in known:
        name = value = one.name
        argument = name
        if one.default_factory is not _MISSING:
            names[f"_new_{name}"] = one.default_factory
            argument = f"{name}=_missing"
            value = f"_new_{name}() if {name} is _missing else {name}"
        elif one.default is not _MISSING:
            names[f"_default_{name}"] = one.default
            argument = f"{name}=_default_{name}"
        if one.is_in("init"):
            (keywords if one.options.get("kw_only") else positional).append(argument)
        elif one.default_factory is not _MISSING:
            value = f"_new_{name}()"
        elif one.default is not _MISSING:
            value = f"_default_{name}"
        else:
            continue
        if not frozen:
            body.append(f"self.{name} = {value}")
        elif slots:
            names[f"_set_{name}"] = getattr(cls, name).__set__
            body.append(f"_set_{name}(self, {value})")
        else:
            body.append(f"_set(self, {name!r}, {value})")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    arguments = ", ".join(positional + (keywords if len(keywords) > 1 else []))
    exec(f"def __init__({arguments}):\n " + "\n ".join(body or ["pass"]), names)  # noqa: S102
    made: Callable[..., None] = names["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


def _key(known: Iterable[_Field], part: str) -> Callable[[object], tuple[object, ...]]:
    """Return what gives the values that take part in comparisons, in the hash or at creation."""
    names = [one.name for one in known if one.is_in(part)]
    if len(names) > 1:
        return operator.attrgetter(*names)
    return lambda of: tuple(getattr(of, name) for name in names)


def _comparisons(known: Iterable[_Field], *, order: bool) -> dict[str, Any]:
    key = _key(known, "compare")

    def comparison(compare: Callable[[object, object], bool]) -> Callable[[Any, Any], Any]:
        def compared(self: object, other: object) -> Any:
            return compare(key(self), key(other)) if type(other) is type(self) else NotImplemented

        return compared

    wanted = {"__eq__": operator.eq, **(_ORDER if order else {})}
    return {name: comparison(compare) for name, compare in wanted.items()}


def _hash_of(known: Iterable[_Field]) -> Callable[[object], int]:
    key = _key(known, "hash")
    return lambda self: hash(key(self))


@recursive_repr()
def _repr(self: object) -> str:
    shown = [
        f"{one.name}={getattr(self, one.name)!r}" for one in _fields(self) if one.is_in("repr")
    ]
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _refuse(self: object, name: str, *_value: object) -> None:
    raise AttributeError(f"cannot assign to field {name!r} of {type(self).__name__}")


def _get_state(self: object) -> list[object]:
    return [getattr(self, one.name) for one in _fields(self)]


def _set_state(self: object, state: Iterable[object]) -> None:
    for one, value in zip(_fields(self), state, strict=True):
        object.__setattr__(self, one.name, value)


if TYPE_CHECKING:
    from dataclasses import asdict, dataclass, field, fields, replace
else:
    asdict, dataclass, field, fields, replace = _asdict, _dataclass, _field, _fields, _replace
