"""Versions of a review that are frozen into files."""
