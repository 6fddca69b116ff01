"""Accounts: how a person proves in a browser, or from a script, who they are."""
