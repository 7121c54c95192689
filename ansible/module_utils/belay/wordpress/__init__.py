"""What only a WordPress knows."""
