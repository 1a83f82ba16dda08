"""The report: notebooks run, claims as cards, charts as files, and the pages made of them."""
