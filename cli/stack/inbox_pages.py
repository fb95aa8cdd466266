"""The HTML of the inbox. Every value that comes from a mail is escaped here."""

from collections.abc import Sequence
from html import escape

from cli.stack.mail_store import Stats, StoredMail

# Nothing in a mail may load from the network or run: it is shown in a sandboxed frame under this policy.
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
}

_STYLE = """
:root { color-scheme: light dark; --line: #8883; --quiet: #888; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.3rem; } a { color: inherit; } .quiet { color: var(--quiet); }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .45rem .6rem; border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--quiet); } td { overflow-wrap: anywhere; } td.time { white-space: nowrap; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid var(--line); padding: 1rem; }
iframe { width: 100%; height: 32rem; border: 1px solid var(--line); background: #fff; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; }
dt { color: var(--quiet); } dd { margin: 0; }
"""


def inbox_page(mails: Sequence[StoredMail], stats: Stats, to: str | None) -> str:
    """The list of the newest mails."""
    rows = "".join(
        f'<tr><td><a href="/messages/{mail.number}">{escape(mail.subject) or "(no subject)"}</a></td>'
        f"<td>{escape(', '.join(mail.recipients))}</td>"
        f'<td class="time">{mail.received_at:%Y-%m-%d %H:%M:%S} UTC</td></tr>'
        for mail in mails
    )
    of_whom = f" to {escape(to)}" if to else ""
    table = f"<table><tr><th>Subject</th><th>To</th><th>Received</th></tr>{rows}</table>"
    counts = f"{stats.total} received, {stats.recipients} recipients, {stats.duplicates} duplicates"
    return _page(
        "Inbox",
        f'<h1>Inbox{of_whom}</h1><p class="quiet">{counts}</p>' + (table if rows else "<p>No mail yet.</p>"),
    )


def mail_page(mail: StoredMail) -> str:
    """One mail with its headers and bodies."""
    headers = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in mail.headers.items()
    )
    bodies = ""
    if mail.html is not None:
        bodies += f'<iframe sandbox srcdoc="{escape(mail.html)}" title="HTML body"></iframe>'
    if mail.text is not None:
        bodies += f"<pre>{escape(mail.text)}</pre>"
    subject = escape(mail.subject) or "(no subject)"
    return _page(subject, f'<p><a href="/">Inbox</a></p><h1>{subject}</h1><dl>{headers}</dl>{bodies}')


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style><body>{body}</body></html>"
    )
