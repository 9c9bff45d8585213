"""The version of this program, for the package, its output and the names of what it caches."""

__version__ = "0.1.0"
