"""Texts in each language that people read, and numbers, dates and money in its form."""

# Their codes; the first one is that of whoever has chosen none.
LANGUAGES = ("en", "bg", "fa", "hy")
