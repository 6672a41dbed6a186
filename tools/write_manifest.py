"""Write the part of napari.yaml that is generated from Settings: the Preferences page."""

from pathlib import Path
from typing import Any

import yaml

from napari_dynaseg._napari.panel.preferences import CONFIGURATION, FOLLOWING
from napari_dynaseg.settings import OUTCOMES, SCHEMES, Settings, describe_knob

MANIFEST = Path(__file__).parent.parent / "napari.yaml"
HEADING = "  # Generated from Settings by tools/write_manifest.py; a test compares the two.\n"
# In the order in which they are written.
SCHEMA_KEYS = (
    *("type", "title", "description", "enum", "default"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
)


def generate_configurations() -> dict[str, Any]:
    """Generate the manifest's ``configurations`` from `Settings`: the Preferences page.

    μ stands there once for each scheme and the detail once for each result, since each has a
    default of its own.
    """
    properties: dict[str, Any] = {}
    for name in Settings.model_fields:
        knob = {key: describe_knob(name)[key] for key in SCHEMA_KEYS if key in describe_knob(name)}
        if name not in FOLLOWING:
            properties[name] = {**knob, "default": getattr(Settings(), name)}
            continue
        for choice, default in FOLLOWING[name][1].items():
            properties[f"{name}_{choice}"] = {**knob, **_describe(name, choice), "default": default}
    return {CONFIGURATION: {"title": "Dynamic-weight segmenter", "properties": properties}}


def _describe(name: str, choice: str) -> dict[str, str]:
    """Say what a knob is for a scheme or a result."""
    if name == "mu":
        return {"title": f"μ for {SCHEMES[choice].title}", "description": SCHEMES[choice].effect}
    return {"title": f"Detail of {OUTCOMES[choice].title.lower()}"}


def main() -> None:
    """Replace everything from the heading to the end of the manifest."""
    kept = MANIFEST.read_text(encoding="utf-8").split(HEADING)[0]
    generated = yaml.safe_dump(
        {"configurations": generate_configurations()}, allow_unicode=True, sort_keys=False, width=96
    )
    indented = "".join(f"  {line}\n" for line in generated.splitlines())
    MANIFEST.write_text(kept + HEADING + indented, encoding="utf-8")


if __name__ == "__main__":
    main()
