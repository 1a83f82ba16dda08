"""Links of pages that lie in a folder, and whether what they point at is there."""

import re
from functools import lru_cache
from html.parser import HTMLParser
from urllib.parse import unquote


class Links(HTMLParser):
    """The links of a page, and what they can point at."""

    def __init__(self, text):
        super().__init__()
        self.links, self.anchors = set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        self.anchors |= {named[key] for key in ("id", "name") if named.get(key)}
        self.links |= {named[key] for key in ("href", "src") if named.get(key)}


@lru_cache(256)
def links_of(text):
    return Links(text)


def dead_links(folder, page):
    """Links of a page to files or anchors that are not there."""
    here = folder / page
    found = links_of(here.read_text(encoding="utf-8"))
    dead = []
    for link in sorted(found.links):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = unquote(link).partition("#")
        name = name.partition("?")[0]
        target = here.parent / name if name else here
        if not target.is_file():
            dead.append(link)
            continue
        if anchor and "=" not in anchor:  # else a filter, which the page's script reads
            anchors = links_of(target.read_text(encoding="utf-8")).anchors
            if anchor not in anchors:
                dead.append(link)
    return dead
