"""Checks of rule sets: `form` checks single records, `logic` the rules together, `examples` runs their tests."""
