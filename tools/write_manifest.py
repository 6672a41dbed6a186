"""Write the part of napari.yaml that is generated from Settings: the Preferences page."""

from pathlib import Path

import yaml

from napari_dynaseg._napari.panel.preferences import generate_configurations

MANIFEST = Path(__file__).parent.parent / "napari.yaml"
HEADING = "  # Generated from Settings by tools/write_manifest.py; a test compares the two.\n"


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
