"""Reports as pages: self-contained HTML with drawings of our own, without scripts, that prints well."""
