"""Persons and their roles in a review."""
