"""A living systematic-review database."""


def __getattr__(name: str) -> str:
    """Return ``__version__``, looked up when first asked for: that costs a start some 30 ms."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        found = version("living-review")
    except PackageNotFoundError:  # run from a checkout that was never installed
        found = "0+unknown"
    globals()[name] = found
    return found
