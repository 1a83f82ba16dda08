"""The explorer: time to the first answer, and five questions beside pandas on the raw files.

The first answer is timed in fresh processes, after ``import pandas``; its plot has the import of
matplotlib in it. Seconds are the processor's, and of several runs the fastest counts, since
whatever else the machine does can only slow one down.
The five questions are put twice, in one call each and by hand as a user does it today with
``pandas.read_csv``, and both must come to the same numbers. Lines are those of the code without the
imports and the last, which takes the numbers out. The hand-made answer has no units, no caveats,
no source and no way back to the raw line. Run it with ``make bench``.
"""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[1]
FLOW, PLOT = 0.3, 1.0  # seconds, the most
HEAD = """
import time
import pandas as pd
import pyarrow
RAW = "data/raw/"
start = time.process_time()
"""
TAIL = "\nprint(time.process_time() - start)\nprint(answer)\n"
FIRST = """
import time
begun = time.process_time()
import pandas
import tradeflows as tf
start = time.process_time()
crude = tf.flow(reporter="CHN", partner="RUS", product="crude oil", start="2019")
flown = time.process_time()
crude.plot().figure.canvas.draw()
print(flown - start, time.process_time() - flown, flown - begun)
"""

QUESTIONS = [  # what, in one call, by hand
    (
        "China's crude from Russia by month, tonnes",
        """
    import tradeflows as tf
    crude = tf.flow("crude oil", "China", "Russia", start="2019")
    answer = [len(crude), round(crude["value"].sum())]
    """,
        """
    raw = pd.read_csv(RAW + "gacc/gacc_energy_imports_from_russia.csv", dtype={"hs_scope": str})
    crude = raw[raw["product"] == "crude_oil"]
    crude = crude[pd.to_datetime(crude["period"]) >= "2019"]
    crude = crude.assign(value=crude["net_wgt_kg"] / 1000)
    answer = [len(crude), round(crude["value"].sum())]
    """,
    ),
    (
        "the EU's top five gas suppliers in 2021",
        """
    import tradeflows as tf
    top = tf.flow("natural gas", "EU", start="2021", end="2021").by("partner").head(5)
    answer = top["value"].round().tolist()
    """,
        """
    raw = pd.read_csv(RAW + "eurostat/comext_energy_imports_2019_2021.csv", keep_default_na=False,
                      na_values=[""], dtype={"PRODUCT": str, "PERIOD": str})
    gas = raw[raw["REPORTER"].eq("EU27_2020") & raw["PRODUCT"].isin(["271111", "271121"])]
    gas = gas[gas["PERIOD"].str.startswith("2021") & ~gas["PARTNER"].str.startswith("EU27")]
    top = gas.groupby("PARTNER")["QUANTITY_KG"].sum().div(1000).nlargest(5)
    answer = top.round().tolist()
    """,
    ),
    (
        "India's share of Russia's crude, 2023",
        """
    import tradeflows as tf
    buyers = ["EU", "China", "India", "Turkey"]
    shares = tf.flow("crude oil", buyers, "Russia", start="2023", end="2023").by("reporter").share()
    answer = round(shares.set_index("reporter_iso")["value"]["IND"], 3)
    """,
        """
    raw = pd.read_csv(RAW + "comtrade/comtrade_energy_imports_from_russia.csv")
    crude = raw[raw["product"].eq("crude_oil") & raw["period"].str.startswith("2023")]
    crude = crude[crude["reporter"].isin(["EU27", "IND"])]
    china = pd.read_csv(RAW + "gacc/gacc_energy_imports_from_russia.csv")
    china = china[china["product"].eq("crude_oil") & china["period"].str.startswith("2023")]
    sums = crude.groupby("reporter")["net_wgt_kg"].sum()
    answer = round(100 * sums["IND"] / (sums.sum() + china["net_wgt_kg"].sum()), 3)
    """,
    ),
    (
        "the yuan in export settlement, as published",
        """
    import tradeflows as tf
    yuan = tf.settlement("yuan", "export settlement")
    answer = [len(yuan), yuan["value"].max()]
    """,
        """
    raw = pd.read_csv(RAW + "cbr/cbr_settlement_currency_shares.csv")
    yuan = raw.query("flow == 'export' and region == 'total' and currency_group == 'CNY'")
    yuan = yuan.assign(measure=yuan["measure"].str.partition(":")[0])
    answer = [len(yuan), yuan["value_pct"].max()]
    """,
    ),
    (
        "every drone figure above $12 million",
        """
    import tradeflows as tf
    drones = tf.figures("drone", above=12e6)
    answer = drones["id"].tolist()
    """,
        """
    press = pd.read_csv(RAW + "press/published_figures_dual_use.csv")
    odni = pd.read_csv(RAW + "odni/odni_claims.csv").rename(columns={"claim_id": "id"})
    odni[["unit", "qualifier"]] = odni["unit"].str.extract(r"(\\w+)(?: \\((.)\\))?")
    odni = odni.rename(columns={"claim": "product", "section": "topic", "figure": "value"})
    odni["value"] = pd.to_numeric(odni["value"], errors="coerce")
    both = pd.concat([press, odni])
    about = (both["topic"] + " " + both["product"]).str.contains("drone", case=False)
    usd = both[about & both["unit"].eq("USD")]
    above = usd["value"].gt(12e6) | (usd["value"].eq(12e6) & usd["qualifier"].eq(">"))
    answer = sorted(usd.loc[above, "id"])
    """,
    ),
]


def run(code: str) -> list[str]:
    """Lines that some code prints in a fresh process, without a window for pictures."""
    env = os.environ | {"MPLBACKEND": "agg"}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=env,
        check=True,
        text=True,
        stdout=subprocess.PIPE,
    ).stdout.splitlines()


def asked(code: str, rounds: int) -> tuple[int, float, str]:
    """Lines of code, seconds after the import of pandas, and the answer."""
    body = textwrap.dedent(code).strip()
    lines = [line for line in body.splitlines() if not line.startswith("import")]
    found = [run(HEAD + body + TAIL) for _ in range(rounds)]
    return len(lines) - 1, min(float(one[0]) for one in found), found[0][1]


def main(rounds: int = 7) -> int:
    """Print the first answer's seconds and the five questions; 1 if a limit or an answer is off."""
    run(FIRST)  # once to warm the disk's cache
    flows, plots, all_ = zip(
        *(map(float, run(FIRST)[0].split()) for _ in range(rounds)), strict=True
    )
    flow, plot, whole = map(min, (flows, plots, all_))
    print(
        f"first flow {flow:.2f} s (at most {FLOW}), its plot {plot:.2f} s (at most {PLOT}); "
        f"with the imports {whole:.2f} s to the answer"
    )
    off = int(flow > FLOW or plot > PLOT)
    print(f"{'lines':>11} {'seconds':>13}\n{'ours':>5} {'hand':>5} {'ours':>6} {'hand':>6}  what")
    for what, ours, theirs in QUESTIONS:
        (few, fast, answer), (many, slow, other) = (asked(each, rounds) for each in (ours, theirs))
        print(f"{few:5} {many:5} {fast:6.2f} {slow:6.2f}  {what}")
        if answer != other:
            off = 1
            print(f"      ours {answer}, by hand {other}")
    return off


if __name__ == "__main__":
    sys.exit(main())
