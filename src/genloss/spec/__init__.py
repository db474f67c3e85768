"""Specs: TOML in, objects out, and back again.

registry    the names that specs may use, and where their classes live
build       names and fields become objects; objects become names and fields again
toml        reading specs, key=value overrides, nearest names
"""
