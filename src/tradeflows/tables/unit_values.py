"""Files whose goods are worth several times what other files state: a currency's wrong heading.

Within one file such a heading shows nowhere, since all its values are off by the same. But others
state what the same reporter's like goods were worth in the same month.
"""

from __future__ import annotations

import numpy as np
from pandas import DataFrame

FACTOR = 5.0  # times what goods are worth
NARROW = 2.0  # between the first and the third quarter of the comparisons, one by the other
FEW = 6  # comparisons, which say nothing
GOODS = ["reporter_iso", "flow_code", "cmd_code", "month"]


def worth_otherwise(rows: DataFrame) -> DataFrame:
    """Return the sources whose goods are worth several times what others state, or that part of it.

    Parameters
    ----------
    rows
        Of single months: ``source_id``, ``reporter_iso``, ``flow_code``, ``cmd_code``, ``month``,
        ``dollars`` and ``net_wgt_kg``, both above zero.

    Returns
    -------
    DataFrame
        Indexed by source: ``n``, how many goods and months were compared, and ``times``, the
        median of what a kilogram is worth by what it is in the other sources.

    Examples
    --------
    >>> goods = {"reporter_iso": "CHN", "flow_code": "M", "cmd_code": "2709", "net_wgt_kg": 1.0}
    >>> dollars = {"right": 0.5, "also right": 0.6, "wrong": 3.6}
    >>> rows = [
    ...     {"source_id": name, "month": month, "dollars": value, **goods}
    ...     for name, value in dollars.items()
    ...     for month in range(6)
    ... ]
    >>> worth_otherwise(DataFrame(rows)).round(1).to_dict("index")
    {'wrong': {'n': 6, 'times': 6.0}}
    """
    of_source = rows.groupby([*GOODS, "source_id"], observed=True)[["dollars", "net_wgt_kg"]].sum()
    worth = np.log(of_source["dollars"] / of_source["net_wgt_kg"])
    of_goods = worth.groupby(level=GOODS, observed=True)
    n_sources = of_goods.transform("size")
    apart = worth - of_goods.transform("median")
    apart = apart.where(n_sources.gt(2), 2 * apart)  # the median of two lies between them
    by_source = apart[n_sources.gt(1)].groupby(level="source_id", observed=True)
    low, middle, high = (by_source.quantile(part) for part in (0.25, 0.5, 0.75))
    is_odd = (middle.abs() > np.log(FACTOR)) & (high - low < np.log(NARROW))
    is_odd &= by_source.size().ge(FEW)
    sources = DataFrame({"n": by_source.size(), "times": np.exp(middle)})
    return sources[is_odd]
