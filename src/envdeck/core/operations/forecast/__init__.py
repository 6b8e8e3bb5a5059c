"""What would become of the installed packages on another Python: a forecast, before a recreate."""

from envdeck.core.operations.forecast.forecasting import forecast
from envdeck.core.operations.forecast.outlook import Forecast, Outlook, Verdict

__all__ = ["Forecast", "Outlook", "Verdict", "forecast"]
