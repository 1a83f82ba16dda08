"""Units as a reader says them: how large numbers are divided, and the word for it on the axis."""

# From which value on, the divisor, and its word.
SCALES = (
    (1e12, 1e12, "trillion"),
    (1e9, 1e9, "billion"),
    (1e6, 1e6, "million"),
    (1e4, 1e3, "thousand"),
)


def scale(largest: float) -> tuple[float, str]:
    """Divisor for numbers up to `largest`, and its word: 913,722 is read in thousands.

    Numbers below ten thousand are read as they are, with a divisor of 1 and no word.
    """
    for least, divisor, word in SCALES:
        if largest >= least:
            return divisor, word
    return 1.0, ""


def axis_label(word: str, unit: str) -> str:
    """The unit with the word of its scale, as an axis begins it: "Thousand tonnes", "kg"."""
    label = f"{word} {unit}".strip()
    first = label.partition(" ")[0]
    return label[:1].upper() + label[1:] if len(first) > len("bcm") else label
