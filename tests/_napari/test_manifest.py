"""The manifest: valid, in step with Settings, and all it names can be opened from napari."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import yaml
from npe2 import PluginManifest

from napari_dynaseg.settings import SCHEMES, Settings

ROOT = Path(__file__).parents[2]
MANIFEST = yaml.safe_load((ROOT / "napari.yaml").read_text(encoding="utf-8"))
SAMPLES = [sample["key"] for sample in MANIFEST["contributions"]["sample_data"]]


def test_the_package_holds_the_manifest_by_a_relative_link():
    link = ROOT / "src" / "napari_dynaseg" / "napari.yaml"
    assert link.resolve() == ROOT / "napari.yaml"
    assert yaml.safe_load(link.read_text(encoding="utf-8")) == MANIFEST


def test_the_manifest_is_valid_and_all_it_names_is_there():
    PluginManifest.from_distribution("napari-dynaseg").validate_imports()


def generate_configurations():
    spec = importlib.util.spec_from_file_location(
        "write_manifest", ROOT / "tools" / "write_manifest.py"
    )
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool.generate_configurations()


def test_the_preferences_page_is_in_step_with_settings():
    # If this fails, run tools/write_manifest.py.
    assert MANIFEST["contributions"]["configurations"] == generate_configurations()


def test_the_page_offers_every_knob_with_its_default():
    properties = generate_configurations()["segmenter"]["properties"]
    assert {name for name in properties if not name.startswith(("mu_", "detail_"))} == (
        set(Settings.model_fields) - {"mu", "detail"}
    )
    assert {name: properties[f"mu_{name}"]["default"] for name in SCHEMES} == {
        "scf": 50.0,
        "fsf": 15.0,
        "fixed": 5.0,
    }
    assert all(knob["title"] for knob in properties.values())


def test_the_panel_opens_from_the_layers_menu():
    menu = MANIFEST["contributions"]["menus"]["napari/layers/segment"]
    assert [item["command"] for item in menu] == ["napari-dynaseg.open_segmenter"]


@pytest.fixture
def viewer_with_plugin(npe2pm, make_napari_viewer):
    """Give a viewer that knows the plugin."""
    npe2pm.register(PluginManifest.from_distribution("napari-dynaseg"))
    return make_napari_viewer()


def test_napari_opens_the_panel_with_its_viewer(viewer_with_plugin):
    _, panel = viewer_with_plugin.window.add_plugin_dock_widget(
        "napari-dynaseg", "Dynamic-weight segmenter"
    )
    picture = viewer_with_plugin.add_image(np.zeros((4, 4)))
    assert panel.image.value is picture


@pytest.mark.parametrize("key", SAMPLES)
def test_napari_opens_each_sample(viewer_with_plugin, key):
    layers = viewer_with_plugin.open_sample("napari-dynaseg", key)
    assert layers[0].data.size > 0
    assert layers[0] in viewer_with_plugin.layers


def test_the_stack_of_drawn_cells_lies_under_its_true_labels(viewer_with_plugin):
    image, labels = viewer_with_plugin.open_sample("napari-dynaseg", "cell_stack")
    assert image.axis_labels == ("c", "z", "y", "x")
    np.testing.assert_allclose(
        image.data_to_world((0, 3, 4, 5))[1:], labels.data_to_world((3, 4, 5))
    )
    nuclei = image.data[0]
    assert nuclei[labels.data > 0].mean() > 1.5 * nuclei[labels.data == 0].mean()
