#!/usr/bin/env python3
"""Hand files to Together AI's own checker, as `together files check FILE` does.

    python3 -m venv venv && venv/bin/pip install together
    spotter export --preset together -o together.jsonl
    venv/bin/python scripts/verify_together.py together.jsonl

Version 1.5.34 is the strictest: it checks every message (and knows no tools).
From version 2 on the package checks the shape of the file only; the rest is done
by the server after the upload. Ends with 1 if a file is refused. Nothing is sent.
"""

import importlib.metadata
import sys


def checker():
    try:
        from together.lib.utils.files import check_file  # 2 and later
    except ImportError:
        from together.utils.files import check_file  # 1
    return check_file


def main(files):
    check_file = checker()
    print(f"together {importlib.metadata.version('together')}")
    refused = 0
    for name in files:
        report = check_file(name)
        passed = bool(report["is_check_passed"])
        refused += not passed
        print(f"{name}: {'accepted' if passed else 'refused'}: {report['message']} ({report.get('num_samples')} rows)")
    return 1 if refused else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
