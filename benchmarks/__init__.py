"""Measurements that a user can repeat: speed, and how good the labels are."""
