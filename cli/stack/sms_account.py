"""The account that the sink of SMS and WhatsApp messages knows."""

ACCOUNT_SID = "ACcarillon"
AUTH_TOKEN = "token-of-the-sms-sink"  # noqa: S105
SMS_FROM = "+15005550006"
WHATSAPP_FROM = "+14155238886"


def account_at(url: str) -> dict[str, str]:
    """The settings that lead there."""
    return {
        "CARILLON_TWILIO_URL": url,
        "CARILLON_TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "CARILLON_TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "CARILLON_SMS_FROM": SMS_FROM,
        "CARILLON_WHATSAPP_FROM": WHATSAPP_FROM,
    }
