"""Answers from a team's own data: documents, questions, examples and logs of calls. Each probe returns measurements."""
