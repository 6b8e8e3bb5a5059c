"""A remedy for a dotenv file as a wish that can be planned."""

from collections.abc import Mapping

from envdeck.core.dotenv.model import Remedy
from envdeck.core.model import NoPlan, Plan
from envdeck.tui.dialogs.wording import remedy_title
from envdeck.tui.operating import Operating, Wish
from envdeck.tui.widgets.look import Look


def remedy_wish(
    operating: Operating, remedy: Remedy, values: Mapping[str, str], look: Look
) -> Wish:
    """Return the wish to mend a finding. The values are in what plans it alone, and no guard of
    it can be overruled."""

    def plan(_allow: frozenset[str]) -> Plan | NoPlan:
        try:
            return operating.plan_remedy(remedy, values)
        except Exception as error:  # noqa: BLE001 - its own words could quote a value
            return NoPlan(f"it could not be planned: {type(error).__name__}")

    return Wish(remedy_title(remedy, look), plan)
