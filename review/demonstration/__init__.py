"""A database in which every page has something to show, made by the stages' own actions."""
