"""The pages that people see who want no more messages: a question with one button, and its answer."""

from html import escape
from string import Template

from fastapi.responses import HTMLResponse

from domain.actions import Channel

NAMES = {Channel.EMAIL: "mail", Channel.SMS: "text messages", Channel.WHATSAPP: "WhatsApp messages"}
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
_PAGE = Template(
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>$title</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><style>'
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:30rem;margin:20vh auto;padding:0 1rem;text-align:center}"
    "button{font:inherit;padding:.6rem 1.6rem;border:0;border-radius:.4rem;background:#1f4fd8;color:#fff}"
    "</style></head><body><h1>$title</h1><p>$text</p>$form</body></html>"
)
_BUTTON = '<form method="post"><button type="submit">Unsubscribe</button></form>'


def question_page(program: str, channel: Channel) -> HTMLResponse:
    text = f"{escape(program)} will send you no more {NAMES.get(channel, 'messages')}."
    return _page("Unsubscribe?", text, _BUTTON)


def done_page(program: str, channel: Channel) -> HTMLResponse:
    text = f"{escape(program)} sends you no more {NAMES.get(channel, 'messages')}. You may close this page."
    return _page("You are unsubscribed", text)


def no_such_link_page() -> HTMLResponse:
    text = "It may have been cut off on its way. Use the one in the message itself."
    return _page("This link is not valid", text, status=404)


def _page(title: str, text: str, form: str = "", status: int = 200) -> HTMLResponse:
    return HTMLResponse(_PAGE.substitute(title=title, text=text, form=form), status, HEADERS)
