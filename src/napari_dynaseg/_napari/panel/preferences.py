"""What the panel starts with: what was last used, then the Preferences page, then `Settings`."""

import json
from typing import Any

from qtpy.QtCore import QSettings

from napari_dynaseg.errors import SettingsError
from napari_dynaseg.settings import OUTCOMES, SCHEMES, Settings

# Knobs that have a value of their own for each choice of another one: that one, and their defaults.
FOLLOWING: dict[str, tuple[str, dict[str, float]]] = {
    "mu": ("scheme", {scheme: facts.default_mu for scheme, facts in SCHEMES.items()}),
    "detail": ("result", {result: facts.default_detail for result, facts in OUTCOMES.items()}),
}
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


def find_default(name: str, choice: str, preferences: dict[str, Any]) -> float:
    """Find what μ starts with for a scheme, or the detail for a result.

    Parameters
    ----------
    name
        One of `FOLLOWING`.
    choice
        The scheme, or the result.
    preferences
        What the Preferences page holds; what it does not say is as in `Settings`.
    """
    _, defaults = FOLLOWING[name]
    return float(preferences.get(f"{name}_{choice}", defaults[choice]))


def resolve_settings(last_used: dict[str, Any], preferences: dict[str, Any]) -> Settings:
    """Put together what a panel starts with.

    Parameters
    ----------
    last_used
        The knobs that the user turned in the panel, by name; a μ by that of its scheme too, such
        as ``mu_scf``, and a detail likewise by that of its result.
    preferences
        What the Preferences page holds, by the same names.

    Returns
    -------
    Settings
        What was last used, then the preferences, then the defaults. What no longer fits the
        ranges is left out.
    """
    for known in ({**preferences, **last_used}, preferences, {}):
        names = set(Settings.model_fields) - set(FOLLOWING)
        try:
            settings = Settings(**{name: known[name] for name in names & set(known)})
            for name, (other, _) in FOLLOWING.items():
                kept = find_default(name, getattr(settings, other), known)
                if kept != getattr(settings, name):
                    settings = settings.change(**{name: kept})
        except (SettingsError, ValueError, TypeError):
            continue
        return settings
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
        # Before there was one for each scheme, a μ was kept of which nobody knows the scheme.
        names = set(knobs) - set(FOLLOWING) if isinstance(knobs, dict) else set()
        return {name: knobs[name] for name in names}

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
