"""An exported number back to its run, its results and their reports."""
