"""What several environments free together."""

import os
from array import array
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from envdeck.core.inspection.size import JointCount, joint_size, measure
from envdeck.core.model import SharedFiles, Size


def joint_reclaimable(sizes):
    return joint_size(sizes).reclaimable_bytes


def shared(device, *records):
    return SharedFiles(device, array("Q", [n for record in records for n in record]).tobytes())


def size(own=0, files=None):
    return Size(0, own, own, shared=files)


def test_a_file_counts_once_all_its_links_are_selected():
    one = size(10, shared(1, (7, 3, 1, 4096)))
    two = size(20, shared(1, (7, 3, 2, 4096)))
    assert joint_reclaimable([one]) == 10
    assert joint_reclaimable([one, two]) == 30 + 4096
    assert joint_reclaimable([]) == 0


def test_the_same_inode_on_another_device_is_another_file():
    assert joint_reclaimable([size(0, shared(d, (7, 2, 1, 4096))) for d in (1, 2)]) == 0


def test_sizes_may_come_one_by_one():
    each = (size(0, shared(1, (7, 2, 1, 4096))) for _ in range(2))
    assert joint_reclaimable(each) == 4096


def test_damaged_records_count_for_nothing():
    assert joint_reclaimable([size(5, SharedFiles(1, b"short"))]) == 5


@settings(deadline=None)
@given(st.data())
def test_any_order_of_adding_and_discarding_ends_at_the_same_count(data):
    environments = [
        size(own, shared(1, *((inode, links, 1, 512 * inode) for inode, links in files.items())))
        for own, files in data.draw(
            st.lists(
                st.tuples(
                    st.integers(0, 1000),
                    st.dictionaries(st.integers(1, 5), st.just(3), max_size=5),
                ),
                max_size=3,
            )
        )
    ]
    count = JointCount()
    inside = []
    for index in data.draw(st.lists(st.integers(0, max(0, len(environments) - 1)))):
        if not environments:
            break
        if index in inside:
            count.discard(environments[index])
            inside.remove(index)
        else:
            count.add(environments[index])
            inside.append(index)
        assert count.reclaimable_bytes == joint_reclaimable(environments[i] for i in inside)


def test_real_links_between_environments_and_a_cache(tmp_path):
    """Two environments share a file with each other, and another with a cache."""
    paths = [tmp_path / name for name in ("a", "b", "cache")]
    for path in paths:
        path.mkdir()
    (paths[0] / "pair").write_bytes(b"x" * 9000)
    os.link(paths[0] / "pair", paths[1] / "pair")
    (paths[2] / "cached").write_bytes(b"x" * 20000)
    for path in paths[:2]:
        os.link(paths[2] / "cached", path / "cached")
    sizes = [measure(str(path), now=0) for path in paths]
    pair = os.stat(paths[0] / "pair").st_blocks * 512
    cached = os.stat(paths[2] / "cached").st_blocks * 512
    alone = sum(one.reclaimable_bytes for one in sizes)
    for chosen, freed in (({0, 1}, pair), ({0, 2}, 0), ({0, 1, 2}, pair + cached)):
        kept = sum(sizes[i].reclaimable_bytes for i in range(3) if i not in chosen)
        assert joint_reclaimable([sizes[i] for i in chosen]) == alone - kept + freed
    assert all(joint_reclaimable(two) <= alone + pair for two in combinations(sizes, 2))
