"""What the modules do on a host. Python 3.9, standard library only; SQL goes through the site's own PHP."""
