"""How many of a thing there are, in words."""


def write_count(count: int, thing: str) -> str:
    """Write a number of things.

    Parameters
    ----------
    count
        How many there are.
    thing
        What one of them is called; several of them end in *s*.

    Examples
    --------
    >>> write_count(1, "label"), write_count(1234, "label"), write_count(0, "plane")
    ('1 label', '1,234 labels', '0 planes')
    """
    return f"{count:,} {thing}{'' if count == 1 else 's'}"
