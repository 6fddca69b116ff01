"""``python -m review``."""

from review.cli import main

if __name__ == "__main__":  # a process that this one starts may import it
    main(prog_name="review")
