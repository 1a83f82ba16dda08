"""Charts whose numbers lead to no raw lines, by page, each with the reason; there is none."""

CHARTS: dict[str, dict[str, str]] = {}
