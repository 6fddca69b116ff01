"""Re-pooling: what is stale, who computes it, when, and who is told."""
