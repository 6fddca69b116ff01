"""From record to included report: decisions, conflicts, retrieval, agreement and ranking."""
