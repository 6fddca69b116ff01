"""The pages of the documentation, run as a reader would."""
