"""What people log in with: an e-mail address and a password."""

import unicodedata

from email_validator import EmailNotValidError, validate_email

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 256


def login_email(address: str) -> str:
    """The address as accounts are known by: in lower case. Raises ValueError, which says what is wrong."""
    try:
        checked = validate_email(address.strip(), check_deliverability=False)
    except EmailNotValidError as error:
        raise ValueError(str(error)) from None
    return checked.normalized.lower()


def password_text(password: str) -> str:
    """The password as it is hashed: the same however a keyboard composes its letters."""
    return unicodedata.normalize("NFC", password)


def acceptable_password(password: str) -> str:
    """The password itself. Raises ValueError for one that is too short, or too long to be hashed in good time.

    Length is all that is asked for: rules of composition make passwords no harder to guess (NIST SP 800-63B).
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise ValueError(f"must have {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    return password
