"""The plugin: the only folder that knows napari and Qt."""
