"""Times, rates and sizes as people say them."""


def duration(seconds: float) -> str:
    """Return a time as a person says it: 0.8 s, 41 s, 12 min, 3 h 20 min, 5 days."""
    if seconds < 10:
        return f"{seconds:.2g} s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes < 2880 else f"{minutes // 1440} days"


def size(n: float) -> str:
    """Return a number of bytes as a person says it: 640 bytes, 1.6 kB, 120 MB."""
    if n < 1000:
        return f"{n:.0f} bytes"
    for unit in ("kB", "MB"):
        n /= 1000
        if n < 999.5:
            return f"{n:.2g} {unit}" if n < 100 else f"{n:.0f} {unit}"
    return f"{n / 1000:,.1f} GB"


def pace(rate: float) -> str:
    """Return generations per second, or the time of one where they are slow; empty for none."""
    if rate <= 0.0:
        return ""
    if rate < 1.0:
        return f"{duration(1.0 / rate)} a generation"
    return f"{rate:,.0f} generation{'s' if round(rate) > 1 else ''}/s"
