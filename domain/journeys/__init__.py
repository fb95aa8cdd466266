"""Journeys: what Omnisend calls automation workflows. Definitions, and decisions about the people inside."""
