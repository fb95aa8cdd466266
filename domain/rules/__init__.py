"""Rules: what reacts to an event, under which conditions, and what it does then."""
