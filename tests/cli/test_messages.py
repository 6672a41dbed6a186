"""How the command line ends: a number for the shell, and never a traceback."""

import pytest
import typer

from napari_dynaseg.cli.messages import run_app
from napari_dynaseg.errors import FileError


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (FileError("no such\nfile"), 2, "napari-dynaseg: error: no such file"),
        (typer.BadParameter("odd"), 2, "napari-dynaseg: error: Invalid value: odd"),
        (typer.Exit(3), 3, ""),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_whatever_ends_a_command_is_one_line_at_most(capsys, error, status, line):
    def work():
        raise error

    app = typer.Typer()
    for name in ("work", "rest"):
        app.command(name)(work)
    assert run_app(app, ["work"], "work") == status
    assert capsys.readouterr().err.strip() == line
