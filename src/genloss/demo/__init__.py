"""The tour's own studies: tour.toml, read by `genloss demo`."""
