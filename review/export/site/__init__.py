"""What readers of a release see: its numbers, from runs that never change, and what was kept."""
