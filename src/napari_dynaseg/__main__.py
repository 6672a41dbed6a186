"""Makes ``python -m napari_dynaseg`` the same as the command ``napari-dynaseg``."""

from napari_dynaseg.cli.app import main

main()
