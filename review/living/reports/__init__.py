"""What moved, why, how firm it is, and what a reader must know beside it."""
