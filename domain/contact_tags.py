"""The tags of contacts, as journeys and Omnisend's surface keep them. Other surfaces keep tags as they are written."""


def contact_tag(text: str) -> str:
    return text.lower()
