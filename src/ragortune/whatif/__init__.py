"""What could still happen: on top of the engine only, pure, and without a terminal.

`reach` proves which options are still possible, `readings` counts how often each wins, `changes` finds the smallest
changes that give another option.
"""
