"""The command line: one thin file for each command, found when it is called.

A new command is a file with a `csc_dspy.cli.commands.command` in it and a line in the table of its group.
"""
