"""How deep JSON may nest, before any parser sees it."""

import pytest

from tradeflows.model.errors import LayoutError
from tradeflows.publishers import bounds

NAMES = ["[", '{"a":', '{"a" : \n', '[{"b": [', '{"a": "[{", "b": {"c": ']


@pytest.mark.parametrize("part", NAMES)
def test_deep_json_is_refused(tmp_path, part):
    path = tmp_path / "a.json"
    path.write_text(part * 100)
    with pytest.raises(LayoutError, match="at most 64 brackets"):
        bounds.require_shallow(path)


@pytest.mark.parametrize("part", ["[", '{"a":', '{"a" : '])
def test_limit_of_depth(tmp_path, part):
    path = tmp_path / "a.json"
    path.write_text(part * 60 + "1")
    bounds.require_shallow(path)
    path.write_text(part * 66)
    with pytest.raises(LayoutError):
        bounds.require_shallow(path)


@pytest.mark.parametrize(
    "text",
    [
        '{"data": [' + ", ".join(['{"a": "x", "b": [1]}'] * 500) + "]}",
        '{"data": [' + '"[[[[{{{{", ' * 500 + "1]}",
        '{"data": [' + '"\\"[[[[\\\\", ' * 500 + "1]}",
    ],
)
def test_wide_json_is_read(tmp_path, monkeypatch, text):
    path = tmp_path / "a.json"
    path.write_text(text)
    for size in (7, 1 << 20):  # a chunk may end anywhere
        monkeypatch.setattr(bounds, "CHUNK", size)
        bounds.require_shallow(path)
