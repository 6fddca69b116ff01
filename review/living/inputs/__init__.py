"""What a plan takes of the evidence, and why it takes no more."""
