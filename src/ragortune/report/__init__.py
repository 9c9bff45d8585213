"""Results of commands as text, Markdown, HTML and JSON, and in the formats of code hosts."""
