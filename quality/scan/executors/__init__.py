"""Ways to run the units of a scan: threads of this machine, and later clusters."""
