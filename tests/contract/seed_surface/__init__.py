"""The surface that the seed documents, walked from outside and compared name by name."""
