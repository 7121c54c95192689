"""What travels between hosts: archives, manifests, tables and options in files, rewritten and masked."""
