"""The kickstarts in golden/, each with the answers it gives.

`python -m tests.kickstart.golden_files` writes these anew.
"""

from pathlib import Path

from boatyard.flow.install import convert_kickstart

FOLDER = Path(__file__).with_name("golden")
KICKSTARTS = sorted(FOLDER.glob("*.ks"))

if __name__ == "__main__":
    for path in KICKSTARTS:
        path.with_suffix(".toml").write_text(convert_kickstart(path)[0], encoding="utf-8")
