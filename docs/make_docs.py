"""`make docs`: writes the reference pages from the code and takes the README's pictures of a running demo."""

import sys
import time

from generate import pictures, reference


def main() -> None:
    """Write what is made, telling each step; `pages` as the only argument leaves the pictures alone."""
    began = time.monotonic()

    def tell(step: str) -> None:
        print(f"{time.monotonic() - began:5.1f} s  {step}", flush=True)

    for page in reference.write():
        tell(f"wrote {page}")
    if sys.argv[1:] != ["pages"]:
        for picture in pictures.take(tell):
            tell(f"wrote {picture}, {picture.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
