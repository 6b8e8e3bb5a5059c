"""The search for the smallest set of changes that turns good into bad: delta debugging.

It asks for verdicts and knows nothing of packages: a change is a number, a set of changes is what
lies between the good state (none of them) and the bad one (all of them). After A. Zeller and
R. Hildebrandt, "Simplifying and Isolating Failure-Inducing Input" (2002): first one change is
isolated that matters where the ones before it are applied, then whatever it cannot do without.
"""

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from itertools import pairwise

from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.model import BisectVerdict


class SearchStatus(StrEnum):
    """How a search ended, as in the JSON contract."""

    FOUND = "found"
    NOT_REPRODUCED = "not-reproduced"
    """Good is not good, or bad is not bad."""
    CANNOT_TELL = "cannot-tell"


Changes = frozenset[int]
Judge = Callable[[Sequence[Changes]], Sequence[BisectVerdict]]
"""Returns a verdict for each set; they may be judged at once."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search found."""

    status: SearchStatus
    culprits: tuple[int, ...] = ()
    """The smallest set found that is bad; of CANNOT_TELL the suspects that are left."""
    reason: str = ""


@dataclass(slots=True)
class Search:
    """One search over the changes from 0 to `count` - 1."""

    count: int
    judge: Judge
    at_once: int = 1
    """How many sets are judged at once: more of them end it in fewer rounds."""
    _halvings: int = 0
    """Sets that may still be judged to isolate one change, where two are judged at once."""
    _known: dict[Changes, BisectVerdict] = field(default_factory=dict)

    def run(self) -> SearchResult:
        """Search; every set is judged once, but for the one that is found: a command that fails at
        random looks just so, and none is told that was not bad twice."""
        good, bad = frozenset[int](), frozenset(range(self.count))
        first = self._judge([good] if self.count == 0 else [good, bad])
        if first[0] is not BisectVerdict.GOOD:
            return _not_reproduced("good", first[0])
        if first[-1] is not BisectVerdict.BAD:
            return _not_reproduced("bad", first[-1])
        good, bad = self._isolate(good, bad)
        left = bad - good
        if len(left) > 1:
            return SearchResult(
                SearchStatus.CANNOT_TELL,
                tuple(sorted(left)),
                "the sets between them could not be judged",
            )
        return self._reduce(left, good)

    def _isolate(self, good: Changes, bad: Changes) -> tuple[Changes, Changes]:
        """Return a good and a bad set that differ by as little as can be told."""
        parts = 2
        self._halvings = halvings(len(bad - good))
        while len(bad - good) > 1:
            suspects = sorted(bad - good)
            parts = min(max(parts, self._parts(len(suspects))), len(suspects))
            for sets in self._rounds(good, suspects, parts):
                verdicts = dict(zip(sets, self._judge(sets), strict=True))
                self._halvings -= len(sets)
                closest = _closest(good, bad, verdicts)
                if closest != (good, bad):
                    good, bad, parts = *closest, 2
                    break
            else:
                if parts == len(suspects):
                    break
                parts *= 2
        return good, bad

    def _parts(self, count: int) -> int:
        """Return into how many parts the suspects are cut. By thirds, two at once end hardly a
        round earlier than one by halves, for half as many sets again: so only where the last
        part is then found with no more sets than by halves. More at once pay."""
        if self.at_once != 2:
            return self.at_once + 1
        return 3 if halvings(-(-count // 3)) <= self._halvings - 2 else 2

    def _rounds(
        self, good: Changes, suspects: Sequence[int], parts: int
    ) -> Iterator[list[Changes]]:
        """Yield the sets to judge, as many at once as may be: first the steps from good to bad in
        order, which are enough where all can be judged; then each part by itself, and all but each
        part."""
        cuts = [len(suspects) * number // parts for number in range(parts + 1)]
        pieces = [frozenset(suspects[a:b]) for a, b in pairwise(cuts)]
        steps = [good.union(*pieces[:number]) for number in range(1, parts)]
        alone = [good | piece for piece in pieces]
        without = [good.union(suspects) - piece for piece in pieces]
        middle = steps[len(steps) // 2]
        if self.at_once == 1:  # the middle first: it halves what is left
            steps.sort(key=lambda one: one != middle)
        for sets in (steps, alone, without):
            waiting = [one for one in dict.fromkeys(sets) if one not in self._known]
            for start in range(0, len(waiting), self.at_once):
                yield waiting[start : start + self.at_once]

    def _reduce(self, needed: Changes, before: Changes) -> SearchResult:
        """Return the smallest bad set that has the isolated change: alone, or with those of the
        ones before it that it cannot do without."""
        again = needed in self._known  # else it is bad now, as it was with those before it
        while self._judge([needed])[0] is not BisectVerdict.BAD:
            again = True
            rest = sorted(before - needed)
            low, high = 0, len(rest)  # needed with the first `high` of the rest is bad
            if not rest:
                return SearchResult(
                    SearchStatus.CANNOT_TELL, tuple(sorted(needed)), "it fails at random"
                )
            while high - low > 1:
                middle = (low + high) // 2
                verdict = self._judge([needed.union(rest[:middle])])[0]
                if verdict is BisectVerdict.BAD:
                    high = middle
                else:
                    low = middle
            needed |= {rest[high - 1]}
            before = frozenset(rest[: high - 1])
        culprits = tuple(sorted(needed))
        if again and next(iter(self.judge([needed]))) is not BisectVerdict.BAD:
            return SearchResult(SearchStatus.CANNOT_TELL, culprits, "it fails at random")
        return SearchResult(SearchStatus.FOUND, culprits)

    def _judge(self, sets: Sequence[Changes]) -> list[BisectVerdict]:
        unknown = [one for one in dict.fromkeys(sets) if one not in self._known]
        for start in range(0, len(unknown), self.at_once):
            asked = unknown[start : start + self.at_once]
            self._known.update(zip(asked, self.judge(asked), strict=True))
        return [self._known[one] for one in sets]


def halvings(count: int) -> int:
    """Return how many sets tell one of so many changes, each of them judged after the other."""
    return max(count - 1, 0).bit_length()


def most_sets(count: int, at_once: int) -> int:
    """Return how many sets find a single one of so many changes at most, where each can be judged:
    both ends, those between, and the change by itself."""
    between = halvings(count)
    if at_once > 2:
        between, left = 0, count
        while left > 1:
            between += min(at_once, left - 1)
            left = -(-left // (at_once + 1))
    return between + 3


def _closest(
    good: Changes, bad: Changes, verdicts: dict[Changes, BisectVerdict]
) -> tuple[Changes, Changes]:
    """Return the good and the bad set that are closest, one within the other."""
    goods = [good, *(one for one, verdict in verdicts.items() if verdict is BisectVerdict.GOOD)]
    bads = [bad, *(one for one, verdict in verdicts.items() if verdict is BisectVerdict.BAD)]
    pairs = [(one, other) for one in goods for other in bads if good <= one < other <= bad]
    return min(pairs, key=lambda pair: len(pair[1] - pair[0]), default=(good, bad))


def _not_reproduced(state: str, verdict: BisectVerdict) -> SearchResult:
    if verdict is BisectVerdict.SKIP:
        return SearchResult(SearchStatus.CANNOT_TELL, reason=f"the {state} state cannot be judged")
    other = "bad" if state == "good" else "good"
    return SearchResult(SearchStatus.NOT_REPRODUCED, reason=f"the {state} state is {other}")
