"""What the panel starts with: what was last used, then the Preferences page, then `Settings`."""

import json
from typing import Any

from qtpy.QtCore import QSettings

from napari_dynaseg.errors import SettingsError
from napari_dynaseg.settings import SCHEMES, Scheme, Settings

PLUGIN = "napari-dynaseg"
CONFIGURATION = "segmenter"
LAST_USED = "last_used"


def read_preferences() -> dict[str, Any]:
    """Read what the Preferences page has set; empty where napari has none (before 0.9)."""
    try:
        from napari.settings import get_plugin_settings
    except ImportError:
        return {}
    try:
        page = getattr(get_plugin_settings(PLUGIN), CONFIGURATION)
    except (KeyError, AttributeError):  # napari has not read our manifest
        return {}
    # What stands there by default is not set: a knob may follow another one.
    usual = Settings()
    return {
        name: value
        for name, value in page.model_dump().items()
        if value != getattr(usual, name, None)
    }


def find_default_mu(scheme: Scheme, preferences: dict[str, Any]) -> float:
    """Find the μ that a scheme starts with: the Preferences page's, else the paper's."""
    return float(preferences.get(f"mu_{scheme}", SCHEMES[scheme].default_mu))


def resolve_settings(last_used: dict[str, Any], preferences: dict[str, Any]) -> Settings:
    """Put together what a panel starts with.

    Parameters
    ----------
    last_used
        The knobs that the user turned in the panel, by name.
    preferences
        What the Preferences page holds.

    Returns
    -------
    Settings
        What was last used, then the preferences, then the defaults. What no longer fits the
        ranges is left out.
    """
    for known in ({**preferences, **last_used}, preferences, {}):
        knobs = {name: value for name, value in known.items() if name in Settings.model_fields}
        try:
            settings = Settings(**knobs)
            mu = known.get("mu", find_default_mu(settings.scheme, preferences))
            return settings if mu == settings.mu else settings.change(mu=mu)
        except SettingsError:
            continue
    return Settings()


class LastUsed:
    """The knobs that the user turned in a panel, kept between sessions."""

    def __init__(self) -> None:
        self._store = QSettings(
            QSettings.Format.IniFormat, QSettings.Scope.UserScope, PLUGIN, PLUGIN
        )
        self.knobs = self._load()

    def _load(self) -> dict[str, Any]:
        try:
            knobs = json.loads(str(self._store.value(LAST_USED, "{}")))
        except json.JSONDecodeError:
            return {}
        return dict(knobs) if isinstance(knobs, dict) else {}

    def remember(self, name: str, value: Any) -> None:
        """Keep a knob that the user turned."""
        self.knobs[name] = value
        self._save()

    def forget(self, *names: str) -> None:
        """Forget some knobs, or all of them if none is named."""
        for name in names or tuple(self.knobs):
            self.knobs.pop(name, None)
        self._save()

    def _save(self) -> None:
        self._store.setValue(LAST_USED, json.dumps(self.knobs))
        self._store.sync()
