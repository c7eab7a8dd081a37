"""Clients that mean harm, for the soak with attackers: each kind runs as a process of its own."""
