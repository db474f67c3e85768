"""The tour's own studies, read by `genloss demo` beside the published experiments: tour.toml."""
