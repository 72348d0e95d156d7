#!/usr/bin/env python3
"""The commands of docs/gpu.md print what the page says.

usage: docs_test.py BIN_FOLDER
"""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness, page

sys.exit(harness.main([("docs/gpu.md", lambda: page.check("docs/gpu.md", pathlib.Path(sys.argv[1]).resolve()))]))
