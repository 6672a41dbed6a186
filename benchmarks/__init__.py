"""Measurements of this program: accuracy, speed, stacks, responsiveness. Not in the wheel."""
