"""Optimizers that compile into prompts, one a file; see `csc_dspy.optimizers.prompts.registry`."""
