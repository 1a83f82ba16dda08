"""How raw files are obtained and catalogued: the catalogue, a user's files, HTTP, the services."""
