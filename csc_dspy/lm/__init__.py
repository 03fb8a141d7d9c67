"""Language models: which to ask, how to ask them, and what asking may cost."""
