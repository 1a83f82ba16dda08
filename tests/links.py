"""Links of pages that lie in a folder, and whether what they point at is there."""

import re
from functools import lru_cache
from urllib.parse import unquote

from bs4 import BeautifulSoup


@lru_cache(256)
def values(text, *names):
    """What attributes of these names hold in a page."""
    tags = BeautifulSoup(text, "html.parser").find_all(True)
    return {tag[name] for tag in tags for name in names if tag.get(name)}


def dead_links(folder, page):
    """Links of a page to files or anchors that are not there."""
    here = folder / page
    dead = []
    for link in sorted(values(here.read_text(encoding="utf-8"), "href", "src")):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = unquote(link).partition("#")
        name = name.partition("?")[0]
        target = here.parent / name if name else here
        if not target.is_file():
            dead.append(link)
            continue
        if anchor and "=" not in anchor:  # else a filter, which the page's script reads
            anchors = values(target.read_text(encoding="utf-8"), "id", "name")
            dead += [link] * (anchor not in anchors)
    return dead
