"""datapackage.json keeps the standard, and the tables keep it."""

import importlib
import warnings
from pathlib import Path

import pandas as pd
import pytest

from tradeflows import tables
from tradeflows.model import schema
from tradeflows.tables import package

PROJECT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def frictionless():
    """Import it here: what it brings warns, and a warning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("frictionless")


@pytest.mark.parametrize("folder", ["", "examples/soybeans", "examples/neighbours"])
def test_what_is_committed_is_renewed(folder):
    root = PROJECT / folder
    committed = (root / package.FILE).read_text(encoding="utf-8")
    assert committed == package.text(root), "run `tradeflows accept`"


def test_the_descriptor_is_valid(frictionless):
    made = package.descriptor(PROJECT)
    assert list(frictionless.Package.metadata_validate(made)) == []
    assert [resource["name"] for resource in made["resources"]] == list(schema.TABLES)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", schema.TABLES)
def test_each_table_keeps_its_schema(name, frictionless):
    resources = package.descriptor(PROJECT)["resources"]
    (described,) = [resource for resource in resources if resource["name"] == name]
    frame = pd.read_parquet(tables.processed(PROJECT, name), dtype_backend="pyarrow")
    frame = frame[::60] if len(frame) > 10_000 else frame  # all of them take a quarter of a minute
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    fields = frictionless.Schema.from_descriptor(described["schema"])
    report = frictionless.Resource(data=rows, schema=fields).validate()
    assert report.valid, report.to_summary()
