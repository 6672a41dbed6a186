"""README and docs are finished: no placeholders, no row without figures, no sentence cut short."""

import re
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
PLACEHOLDER = re.compile(r"\b(RATES?|TODO|TBD|TBA|FIXME|XXX+)\b|\?\?\?|lorem ipsum")
CODE_BLOCK = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


@pytest.fixture(params=PAGES, ids=lambda page: page.name)
def text(request):
    """Give the text of a page without its blocks of code."""
    return CODE_BLOCK.sub("", request.param.read_text(encoding="utf-8"))


def test_no_placeholder_is_left(text):
    assert [line for line in text.splitlines() if PLACEHOLDER.search(line)] == []


def test_every_row_of_a_table_has_a_figure(text):
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert [row for row in rows if not any(part.strip() for part in row.split("|")[2:])] == []


def test_every_paragraph_ends_with_its_sentence(text):
    paragraphs = [part.strip() for part in re.split(r"\n\s*\n", text)]
    prose = [part for part in paragraphs if re.match(r"[\w*`\[(]", part)]
    assert [part for part in prose if part.rstrip("*`_)")[-1] not in ".:!?…"] == []


def test_the_page_on_results_does_what_it_says(run_command, tmp_path):
    picture = np.kron(np.arange(16).reshape(4, 4) % 5, np.ones((16, 16))) * 40
    imageio.imwrite(tmp_path / "cells.tif", picture.astype(np.uint8))
    page = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    commands = "".join(re.findall(r"```sh\n(.*?)```", page, flags=re.DOTALL)).splitlines()
    for line in (each for each in commands if each.startswith("napari-dynaseg ")):
        assert run_command(*line.split()[1:])[0] == 0
    (tmp_path / "finer.tif").unlink()
    names = {}
    for block in re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL):
        exec(block, names)
    assert names["result"].labels.shape == (64, 96)
    assert names["finer"].shape == (64, 64)
    assert (tmp_path / "finer.tif").exists()
