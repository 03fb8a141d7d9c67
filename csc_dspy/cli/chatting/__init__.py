"""``csc-dspy chat``: talking to a program in the terminal."""
