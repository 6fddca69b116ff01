"""Mending what was entered: names, twins, keys of results, undone imports. Nothing is deleted."""
