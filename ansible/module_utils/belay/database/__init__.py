"""Sessions with the site's database, and the words of its SQL."""
