"""Draws figures, and does nothing else."""
