"""What pages show of runs and of the flow: frozen values, loaded once, testable without a page."""
