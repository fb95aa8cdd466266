"""Links in the HTML of a mail, made to lead elsewhere; everything else stays as it was written.

Mails are written one for each person, so their tags are found by a pattern, which takes a tenth of a parser's time. It
also finds those in the comments that some mail programs read.
"""

import re
from collections.abc import Callable
from html import escape

from domain.html_references import without_references

# No `<` outside of quotes, so that a tag that is never closed is given up at the next one.
_TAG = re.compile(r"<(?:a|area)\s(?:[^<>\"']|\"[^\"]*\"|'[^']*')*+>", re.IGNORECASE)
_HREF = re.compile(r"(?<=\s)(href\s*=\s*)(\"[^\"]*\"|'[^']*'|[^\s\"'>]+)", re.IGNORECASE)
_BODY_END = re.compile(r"</body\s*>", re.IGNORECASE)
NOT_FOLLOWED = "data-untracked"

Rewrite = Callable[[str], str]


def rewrite_links(html: str, rewrite: Rewrite) -> str:
    """The HTML with each http and https link of an `<a>` or `<area>` as `rewrite` answers for it.

    Links with the attribute `data-untracked` are left alone.
    """

    def of_tag(tag: re.Match[str]) -> str:
        written = tag[0]
        if NOT_FOLLOWED in written.lower():
            return written
        return _HREF.sub(lambda href: _rewritten(href, rewrite), written, count=1)

    return _TAG.sub(of_tag, html)


def add_at_end(html: str, addition: str) -> str:
    """Within the body, where there is one."""
    ends = list(_BODY_END.finditer(html))
    place = ends[-1].start() if ends else len(html)
    return html[:place] + addition + html[place:]


def pixel(url: str) -> str:
    return f'<img src="{escape(url)}" width="1" height="1" alt="" style="display:none">'


def _rewritten(href: re.Match[str], rewrite: Rewrite) -> str:
    name, value = href.groups()
    url = without_references(value[1:-1] if value[0] in "\"'" else value).strip()
    if not url.lower().startswith(("https://", "http://")):
        return href[0]
    return f'{name}"{escape(rewrite(url))}"'
