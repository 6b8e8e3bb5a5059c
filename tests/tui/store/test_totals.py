"""What a set occupies and frees together: each shared file counted once."""

from array import array
from dataclasses import replace

from envdeck.core.inspection.size import joint_size
from envdeck.core.model import Environment, Identity, JointSize, SharedFiles, Size, Status
from envdeck.tui.store.rows import Totals, quick_totals, shares_nothing

ENV = Environment("/w/a", Identity(1, 1), "a", "uv", Status.OK)
FILE = 400


def shared(*records: tuple[int, int, int, int]) -> SharedFiles:
    return SharedFiles(7, array("Q", [number for record in records for number in record]).tobytes())


def with_size(size: Size | None) -> Environment:
    return replace(ENV, size=size)


def test_adding_up_is_enough_where_nothing_is_shared():
    sizes = [Size(1, 100, 100), None, Size(1, 50, 50)]
    assert quick_totals(map(with_size, sizes)) == Totals(150, 150)
    assert quick_totals([]) == Totals(0, 0)


def test_adding_up_is_refused_where_one_lies_inside_another():
    outer, inner = with_size(Size(1, 100, 100)), with_size(Size(1, 40, 40))
    assert not shares_nothing([replace(inner, path="/w/a/envs/b"), outer])
    assert shares_nothing([replace(inner, path="/w/ab"), outer])
    assert shares_nothing([replace(inner, path="/w/a.b"), outer, replace(inner, path="/w/aa/b")])


def test_adding_up_is_refused_where_something_is_shared():
    assert quick_totals([with_size(Size(1, 100, 0, shared=shared((5, 2, 1, FILE))))]) is None
    assert not shares_nothing([with_size(Size(1, 100, 90))])
    assert shares_nothing([with_size(Size(1, 100, 100)), with_size(None)])


def test_a_file_of_two_environments_takes_its_room_once_and_goes_with_both():
    both = [Size(1, 1000, 600, shared=shared((5, 2, 1, FILE))) for _ in range(2)]
    assert joint_size(both[:1]) == JointSize(1000, 600)
    assert joint_size(both) == JointSize(1600, 1600)


def test_a_file_with_a_link_elsewhere_is_not_freed():
    both = [Size(1, 1000, 600, shared=shared((5, 3, 1, FILE))) for _ in range(2)]
    assert joint_size(both) == JointSize(1600, 1200)


def test_the_same_inode_on_another_disk_is_another_file():
    one = Size(1, 1000, 600, shared=shared((5, 2, 1, FILE)))
    other = replace(one, shared=replace(one.shared, device=8))
    assert joint_size([one, other]) == JointSize(2000, 1200)
