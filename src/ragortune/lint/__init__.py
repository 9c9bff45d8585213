"""Checks of rule sets: `checks` finds what is wrong with one, `examples` runs its tests."""
