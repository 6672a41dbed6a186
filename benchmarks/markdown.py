"""Tables in Markdown."""

from collections.abc import Iterable, Sequence


def write_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table, a cell for each text.

    Examples
    --------
    >>> print(write_table(["method", "All"], [["scf", "0.330"]]))
    | method | All |
    | --- | --- |
    | scf | 0.330 |
    """
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
