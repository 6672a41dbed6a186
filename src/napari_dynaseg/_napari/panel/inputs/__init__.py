"""The rows that say what is segmented."""
