"""Append-only, hash-chained event log of every change."""
