"""Print one of the two bash blocks of the README's section "Quick start".

    python tools/readme_blocks.py 1 [README.md]

What the README tells a newcomer to type is thereby what the checks run.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"


def quick_start_blocks(text: str) -> list[str]:
    """Return the fenced bash blocks of the section "Quick start", in order.

    The section begins at its heading, of any level, and ends at the next heading of the same or a
    higher level. Lines inside a fence are never headings, so that a bash comment ends nothing.

    Parameters
    ----------
    text : str
        A document in Markdown.

    Returns
    -------
    list of str
        Two blocks, without their fences.

    Raises
    ------
    ValueError
        If the section does not hold exactly two fenced bash blocks.
    """
    blocks: list[str] = []
    section_level = 0
    fence: str | None = None
    lines: list[str] = []
    for line in text.splitlines():
        if fence is not None:
            if line.strip() == "```":
                if section_level and fence == "bash":
                    blocks.append("\n".join(lines))
                fence = None
            else:
                lines.append(line)
        elif line.startswith("```"):
            fence, lines = line.removeprefix("```").strip(), []
        elif heading := re.match(r"(#+) +(.*?)\s*$", line):
            level = len(heading[1])
            if heading[2] == "Quick start":
                section_level = level
            elif level <= section_level:
                section_level = 0
    if len(blocks) != 2:
        raise ValueError(
            'The section "Quick start" must hold exactly two fenced bash blocks. '
            f"Found {len(blocks)} instead."
        )
    return blocks


def main(arguments: list[str]) -> None:
    """Print block 1 or 2; anything else ends with one line on standard error."""
    if not 1 <= len(arguments) <= 2 or arguments[0] not in ("1", "2"):
        sys.exit("usage: python tools/readme_blocks.py {1,2} [README.md]")
    path = Path(arguments[1]) if len(arguments) == 2 else README
    try:
        blocks = quick_start_blocks(path.read_text(encoding="utf-8"))
    except ValueError as error:
        sys.exit(f"{path.name}: {error}")
    sys.stdout.write(blocks[int(arguments[0]) - 1] + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
