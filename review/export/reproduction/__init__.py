"""What lets others check a review without this program: scripts with their data, references."""
