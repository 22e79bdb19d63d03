"""Fetch the library that draws charts in a browser by npm, check it, and put it into the package: `make browser`.

To update it, set VERSION and INTEGRITY to what ``npm view uplot version dist.integrity`` says, and run this.
"""

import base64
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE, VERSION = "uplot", "1.6.32"
INTEGRITY = "sha512-KIMVnG68zvu5XXUbC4LQEPnhwOxBuLyW1AHtpm6IKTXImkbLgkMy+jabjLgSLMasNuGGzQm/ep3tOkyTxpiQIw=="
TAKEN = {"dist/uPlot.iife.min.js": "uPlot.iife.min.js", "dist/uPlot.min.css": "uPlot.min.css", "LICENSE": "LICENSE"}
TARGET = Path(__file__).parent.parent / "pcapframe" / "browser" / "static" / "uplot"


def main() -> None:
    """Replace the files in the package; stop where npm gives anything but the archive of this checksum."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", "--pack-destination", folder, f"{PACKAGE}@{VERSION}"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        (archive,) = Path(folder).glob("*.tgz")
        found = f"sha512-{base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode('ascii')}"
        if found != INTEGRITY:
            sys.exit(f"{PACKAGE} {VERSION} has the checksum {found}, not {INTEGRITY}: nothing was changed")
        TARGET.mkdir(parents=True, exist_ok=True)
        digests = {}
        with tarfile.open(archive) as opened:
            for name, target in TAKEN.items():
                file = opened.extractfile(f"package/{name}")
                if file is None:
                    sys.exit(f"{PACKAGE} {VERSION} has no file {name}")
                text = file.read()
                (TARGET / target).write_bytes(text)
                digests[target] = hashlib.sha256(text).hexdigest()
    about = {"package": PACKAGE, "version": VERSION, "integrity": INTEGRITY, "licence": "MIT", "sha256": digests}
    (TARGET / "files.json").write_text(json.dumps(about, indent=2) + "\n", "utf-8")
    print(f"{PACKAGE} {VERSION} is in {TARGET}")


if __name__ == "__main__":
    main()
