"""The tour's own studies, read by `genloss demo`: tour.toml, and vae.toml where torch is."""
