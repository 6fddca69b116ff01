"""Keeping a database: is it what its history says, its copies, its health."""
