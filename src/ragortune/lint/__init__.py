"""Checks on a rule set: is every rule sourced, fresh, tested and alive, and does the set as a whole make sense?

`form` looks at what each record must have, `logic` proves what the rules do together, `examples` runs their tests.
"""
