"""`carillon demo`: the whole of Carillon on this machine, with a sample program at work."""
