"""Files on other machines, read in ranges."""
