"""Nothing private in the repository: no key, no token, no address of a package mirror."""

import re

_TEXT_LIMIT = 2_000_000
_PRIVATE = {
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
    "a key of ours": re.compile(r"\batlas_[A-Za-z0-9_-]{43}\b"),
    "a cloud key": re.compile(r"\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bxox[abprs]-[A-Za-z0-9-]{20,}"),
    "a login within an address": re.compile(r"\bhttps?://[^\s/:@'\"{}$<>]+:[^\s/@'\"{}$<>]+@"),
    "a package index": re.compile(
        r"(?:index[-_]url|find-links|extra-index|registry)\s*[=:\s]\s*['\"]?https?://|https?://[^\s'\"]+/(?:simple|artifactory|nexus|pypi|npm)/",
        re.IGNORECASE,
    ),
}


def test_no_tracked_file_holds_anything_private(tracked, root):
    found = []
    for path in tracked:
        content = (root / path).read_bytes()
        if b"\0" in content[:8192] or len(content) > _TEXT_LIMIT:
            continue
        text = content.decode("utf-8", "replace")
        found += [f"{path} holds {what}" for what, pattern in _PRIVATE.items() if pattern.search(text)]
    assert not found, "\n".join(found)
