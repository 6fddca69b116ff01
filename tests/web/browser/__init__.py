"""The pages in a browser, over the demonstration, served as a person would start it."""
