"""Staleness, runs and change reports: the bridge from tables to the engine."""
