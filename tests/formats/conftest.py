"""The files that real tools made, and the recipes for them, which are no tests."""

collect_ignore_glob = ["files/*"]
