"""Design documents read without a model: what they decide, and what plain sentences state about their project.

`reader` reads a document. It goes from lines to `blocks`, from blocks to `sentences`; `assertion` tells how the words of a
sentence are meant and whom they are about, after ConText; then `decision` and `facts` read what is left. Every wording is
data, in `rules/language/` (`language`, `patterns`).
"""
