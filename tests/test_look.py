"""Pages are opened in a browser, where there is one, and a reader's stumbling stones are told."""

import shutil

import pytest

look = pytest.importorskip("look", reason="no playwright", exc_type=ImportError)

PAGE = """<!DOCTYPE html><html lang="en"><head><title>t</title><link rel="icon" href="data:,">
</head><body><main><h1>Words</h1>{}</main></body></html>"""
DEFECTS = {
    "scrolls sideways": '<p style="width: 3000px">wide</p>',
    "not drawn": '<img src="gone.png" alt="a picture">',
    "asks http": '<img src="http://127.0.0.1:9/x.png" alt="a picture">',
    "image-alt": '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">',
    "out of order": "<script>console.error('out of order')</script>",
}

needs_a_browser = pytest.mark.skipif(
    not any(map(shutil.which, look.BROWSERS)), reason=f"no Chromium: {', '.join(look.BROWSERS)}"
)


@pytest.fixture
def looked(tmp_path, capsys):
    """Look at pages by their names, and return the exit code and what was said."""

    def at(**pages):
        for name, body in pages.items():
            (tmp_path / f"{name}.html").write_text(PAGE.format(body))
        code = look.main([str(tmp_path), str(tmp_path / "pictures")])
        return code, "".join(capsys.readouterr())

    return at


@needs_a_browser
def test_a_page_without_fault_has_no_finding_and_its_pictures_are_kept(looked, tmp_path):
    assert looked(good="<p>All is well.</p>") == (0, "1 pages, 0 findings\n")
    assert len([*(tmp_path / "pictures").glob("good-*.png")]) == 4


@needs_a_browser
def test_each_kind_of_fault_is_found(looked):
    code, said = looked(bad="".join(DEFECTS.values()))
    assert code == 1
    assert [fault for fault in DEFECTS if fault not in said] == []


def test_without_a_browser_it_says_that_nothing_was_looked_at(looked, monkeypatch):
    monkeypatch.setattr(look.shutil, "which", lambda name: None)
    code, said = looked(good="<p>All is well.</p>")
    assert code == 2
    assert said.startswith("nothing was looked at: no Chromium (any of chromium")
