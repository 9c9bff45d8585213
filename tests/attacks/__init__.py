"""The standing attack: hostile inputs for every door, and what has to hold of every output.

A short round runs with the tests; `make fuzz` runs for as long as `MINUTES` says.
"""
