"""Phrases that signal an answer: data beside the criteria, a small safe pattern language, and a scanner for it.

What a phrase means stands in `rules/phrases/`; how a document is put together is not known here.
"""
