"""What ``csc-dspy evaluate`` does besides scoring a program: judges, and forms for people."""
