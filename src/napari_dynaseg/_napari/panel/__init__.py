"""The panel: its rows and what they show."""
