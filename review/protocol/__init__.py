"""Reviews, outcomes, instruments and planned analyses."""
