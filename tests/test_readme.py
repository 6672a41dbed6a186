"""The README's first block of code runs, and its commands are the ones that are tested."""

import re
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def find_blocks(language):
    """Find the README's code blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_the_first_block_of_python_runs():
    names = {}
    exec(find_blocks("python")[0], names)
    assert names["labels"].dtype == np.int32
    assert names["labels"].min() == 1


def test_continuous_integration_runs_the_command_of_the_readme():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    (command,) = (
        line for block in find_blocks("sh") for line in block.splitlines() if "tox" in line
    )
    assert command in script


def test_every_picture_of_the_readme_is_there():
    pictures = re.findall(r"!\[[^]]*\]\(([^)]*)\)", README)
    assert pictures
    assert all((ROOT / picture).is_file() for picture in pictures)


def test_every_command_of_the_readme_exists():
    from typer.main import get_command

    from napari_dynaseg.cli.app import app

    commands = get_command(app).commands
    used = re.findall(r"napari-dynaseg (\w+)", "\n".join(find_blocks("sh")))
    assert used
    assert set(used) <= set(commands)
