"""From inputs to effects, and from effects to pooled lines."""
