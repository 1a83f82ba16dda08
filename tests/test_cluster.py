import os
import select
import signal
import subprocess
import sys
from contextlib import nullcontext
from types import SimpleNamespace

import pandas as pd
import pytest
import tasks

from tradeflows import cli
from tradeflows.model.errors import LayoutError, QueryError, SourceError
from tradeflows.publishers import comext
from tradeflows.tables import clean, cluster, write

# Two partners have one id here, and two months one size.
ROWS = [
    f"AT,{partner},E,{product},3,0,0,3,1,05,{flow},1,NO_SU,{{period}},{value},{value},5,0"
    for value, (partner, product, flow) in enumerate(
        [("RU", "27090090", 1), ("QX", "27090090", 1), ("QU", "39XXXXXX", 2), ("CN", "TOTAL", 2)]
    )
]


@pytest.fixture(scope="module")
def workers():
    with cluster.local(1) as made:
        yield made


@pytest.fixture
def months(tmp_path):
    """Files of a few rows, in a folder."""
    folder = tmp_path / "raw"
    folder.mkdir()
    for period in ("202401", "202402", "202403"):
        lines = [comext.SINCE_2002, *(row.format(period=period) for row in ROWS)]
        (folder / f"full_{period}.dat").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture
def spread(workers, tmp_path):
    """Clean what is given on the cluster."""

    def run(*paths, **options):
        address = workers.scheduler_address
        return cluster.spread("comext", paths, tmp_path / "out", address=address, **options)

    return run


def held(folder):
    """What lies in a folder: the bytes, and when they were written."""
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


def test_same_bytes_as_alone_and_again_only_what_is_missing(months, spread, tmp_path):
    told = spread(months)
    again = clean.clean("comext", [months], tmp_path / "plain")
    assert [one.line() for one in told] == [one.line() for one in again]
    assert [one.source.path for one in told] == sorted(path.name for path in months.iterdir())
    plain = {path.name: path.read_bytes() for path in (tmp_path / "plain").iterdir()}
    before = held(tmp_path / "out")
    assert {name: raw for name, (raw, _) in before.items()} == plain
    assert len(plain) == 3
    next((tmp_path / "out").glob("full_202402_*")).unlink()
    assert [one.is_earlier for one in spread(months)] == [True, False, True]
    after = held(tmp_path / "out")
    assert [after[name] == before[name] for name in sorted(before)] == [True, False, True]
    assert {name: raw for name, (raw, _) in after.items()} == plain


def test_killed_worker_tried_anew(months, spread, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "_task", tasks.killed_once)
    assert [one.rows for one in spread(months)] == [4, 4, 4]
    assert len(pd.read_parquet(tmp_path / "out")) == 12


def test_deadly_file_is_named(months, spread, workers, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "_task", tasks.killed)
    monkeypatch.setattr(workers.scheduler, "allowed_failures", 0)
    seen = []
    with pytest.raises(SourceError) as refused:
        spread(months, progress=seen.append)
    assert str(refused.value) == (
        f"{months}/full_202402.dat: the workers that took it died (1), for want of memory perhaps; "
        "of 3 files, 1 refused and 2 whole, which stay"
    )
    assert len(pd.read_parquet(tmp_path / "out")) == 8
    assert (seen[-1].done, seen[-1].left, seen[-1].rows) == (3, 0, 8)


def test_nobody_is_left_to_wait_for(monkeypatch):
    def gone(*_, **__):
        raise TimeoutError

    monkeypatch.setattr("distributed.wait", gone)
    waiting = cluster._in_turn(SimpleNamespace(wait_for_workers=gone), ["one", "other"])
    with pytest.raises(SourceError, match="the last worker was lost after 0 of 2 files"):
        next(waiting)


def test_damaged_files_counted(months, spread, tmp_path):
    for period in ("202401", "202402"):
        path = months / f"full_{period}.dat"
        path.write_text(path.read_text().replace("AT,CN,", "AT,CN,E,"))
    with pytest.raises(LayoutError) as refused:
        spread(months)
    assert str(refused.value) == (
        f"{months}/full_202401.dat: expected lines of 18 cells, found 19 in record 4; save the "
        "file again as it came; of 3 files, 2 refused and 1 whole, which stay"
    )
    [whole] = held(tmp_path / "out")
    assert whole.startswith("full_202403_")


def test_same_bytes_or_no_shared_folder(months, spread, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "_task", tasks.apart)
    with pytest.raises(SourceError, match="a folder that all machines share; of 3 files, 3 refu"):
        spread(months)
    monkeypatch.undo()
    twin = tmp_path / "full_202401.dat"
    twin.write_bytes((months / "full_202401.dat").read_bytes())
    with pytest.raises(SourceError, match=f"{twin}: the same bytes as .*raw/full_202401.dat; give"):
        spread(months, twin)
    with pytest.raises(SourceError, match="holds the same bytes under another name"):
        spread(months, twin.rename(tmp_path / "copy_202401.dat"))
    assert len(held(tmp_path / "out")) == 3


def test_command_says_each_file(months, workers, tmp_path, capsys):
    command = ["clean", "comext", str(months), "--to", str(tmp_path / "out")]
    assert cli.main([*command, "--cluster", workers.scheduler_address]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[-1] == "3 files: 12 records, 12 rows"
    assert said.err.splitlines()[-1].startswith("3 done, 0 left, 12 rows: full_20240")
    assert len(said.err.splitlines()) == 3


def test_ctrl_c_keeps_what_is_done(months, spread, tmp_path):
    long = tmp_path / "full_202404.dat"  # a file that does not end soon
    lines = "\n".join(row.format(period="202404") for row in ROWS)
    long.write_text(f"{comext.SINCE_2002}\n" + f"{lines}\n" * 300_000)
    words = ["clean", "comext", months, long, "--to", tmp_path / "out", "--cluster", "here"]
    command = [sys.executable, "-m", "tradeflows", *words]
    streams = {"stderr": subprocess.PIPE, "stdout": subprocess.DEVNULL, "text": True}
    with subprocess.Popen(command, start_new_session=True, **streams) as process:
        said = [process.stderr.readline() for _ in range(3)]
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers too
        select.select([process.stderr], [], [], 1)  # until it says so, or waits for the worker
        rest = process.stderr.read()
    assert said[-1].startswith("3 done, 1 left, ")
    assert rest.splitlines() == [
        "tradeflows: interrupted; the same command again does only what is missing"
    ]
    assert process.returncode == 130
    assert [one.is_earlier for one in spread(months)] == [True] * 3


def test_ended_workers_are_swept(months, tmp_path, monkeypatch):
    def ended(*_, to, mark, **same):
        for name in (f".a.parquet.{mark}1.tmp", ".a.parquet.another's.tmp"):
            (to / name).touch()
        raise KeyboardInterrupt

    monkeypatch.setattr(cluster, "_client", lambda *_: nullcontext())
    monkeypatch.setattr(cluster, "_run", ended)
    with pytest.raises(KeyboardInterrupt):
        cluster.spread("comext", [months], tmp_path)
    assert [path.name for path in tmp_path.glob(".*")] == [".a.parquet.another's.tmp"]


def dies(**_):
    raise RuntimeError("Nanny failed to start.")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--cluster", "here"], "workers could not be started here, or died at once; the same"),
        (["--cluster", "full_202401.dat"], "full_202401.dat: expected an address as tcp://"),
        (["--cluster", "tcp://127.0.0.1:9"], "tcp://127.0.0.1:9: no scheduler answers there"),
        (["--cluster", "here", "--to=a.parquet"], "--to is a folder, not a.parquet"),
        (["--cluster", "here", "--flow", "M"], "files of comext take no --flow"),
    ],
)
def test_command_no_cluster_can_do(months, more, message, capsys, monkeypatch):
    monkeypatch.setattr(cluster, "WAIT", 0.2)
    monkeypatch.setattr("distributed.LocalCluster", dies)
    to = [] if "--to=a.parquet" in more else ["--to", "out"]
    assert cli.main(["clean", "comext", str(months), *to, *more]) == 2 - (more[1:] == ["here"])
    assert message in capsys.readouterr().err


def test_workers_of_another_version(months, spread, tmp_path, monkeypatch):
    with cluster.local(0) as empty, monkeypatch.context() as patch:
        patch.setattr(cluster, "WAIT", 0.2)
        with pytest.raises(QueryError, match="the scheduler has no workers"):
            cluster.spread("comext", [months], tmp_path, address=empty.scheduler_address)
    write.code.cache_clear()
    monkeypatch.setattr(write.pa, "__version__", "0")
    with pytest.raises(QueryError, match=r"1 of 1 workers, tcp://.* have another tradeflows"):
        spread(months)
    write.code.cache_clear()
