"""What everybody needs who works with models of Hugging Face: its libraries, and models from its hub."""
