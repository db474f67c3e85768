"""What `mine` imports."""


def is_time(train) -> bool:
    return int(train.origin.max()) == 4
