"""What runs in threads behind the panel."""
