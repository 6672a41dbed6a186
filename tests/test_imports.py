"""What a bare import loads, and which way the arrows point."""

import subprocess
import sys

import pytest

import napari_dynaseg


def run_fresh(code):
    """Run code in a fresh interpreter and give what it printed."""
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    ).stdout.strip()


HEAVY = "{'torch', 'napari', 'qtpy', 'PyQt6', 'PySide6', 'magicgui', 'skimage', 'scipy'}"


def test_a_bare_import_loads_neither_torch_nor_qt():
    code = f"import sys, napari_dynaseg; print(sorted({HEAVY} & set(sys.modules)))"
    assert run_fresh(code) == "[]"


def test_the_settings_load_neither_torch_nor_qt():
    code = "import sys; from napari_dynaseg import Settings; "
    code += f"print(sorted({HEAVY} & set(sys.modules)))"
    assert run_fresh(code) == "[]"


def test_the_panel_loads_no_torch():
    code = "import sys, napari_dynaseg._napari.panel.widget; print('torch' in sys.modules)"
    assert run_fresh(code) == "False"


def test_the_panel_loads_nothing_that_can_wait():
    waiting = {"pyqtgraph", "scipy.linalg", "skimage.color.colorconv", "sklearn", "zarr"}
    code = "import sys, napari.layers, napari.components; "
    code += "napari_loads = set(sys.modules); "  # 0.7 loads two of them itself
    code += "import napari_dynaseg._napari.panel.widget; "
    code += f"print(sorted({waiting} & set(sys.modules) - napari_loads))"
    assert run_fresh(code) == "[]"


@pytest.mark.parametrize("name", napari_dynaseg.__all__)
def test_every_public_name_is_there(name):
    assert getattr(napari_dynaseg, name) is not None
    assert name in dir(napari_dynaseg)


def test_a_name_that_is_not_there_is_named():
    with pytest.raises(AttributeError, match="'napari_dynaseg' has no attribute 'segmnt'"):
        napari_dynaseg.segmnt  # noqa: B018
