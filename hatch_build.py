"""Put compiled kernels into a wheel, so that its users do not wait for them at their first capture.

They are compiled while the wheel is built, which takes about a minute. ``PCAPFRAME_KERNELS=FOLDER`` takes those of a
folder instead (what several machines have compiled, see ``pcapframe.shipping``), ``PCAPFRAME_KERNELS=none`` takes none.
Editable installations carry none.
"""

import os
import subprocess
import sys
import tempfile
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

KERNELS = os.environ.get("PCAPFRAME_KERNELS")


class Kernels(BuildHookInterface):  # type: ignore[type-arg,misc]  # hatchling has no types
    """Compiles kernels, or takes those that are there."""

    def dependencies(self) -> list[str]:
        """Return what compiling needs: what the package needs."""
        return [] if KERNELS else list(self.metadata.core.dependencies)

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile the kernels, and add them to what goes into the wheel."""
        if version == "editable" or KERNELS == "none":
            return
        self._made = tempfile.TemporaryDirectory()
        folder = KERNELS or self._made.name
        if not KERNELS:
            self.app.display_info("Compiling kernels, about a minute")
            compile_into = [sys.executable, "-m", "pcapframe.shipping", folder]
            if subprocess.run(compile_into, cwd=self.root, check=False).returncode:
                self.app.display_warning("No kernels are in this wheel: they could not be compiled")
        for name in os.listdir(folder):
            if name.endswith(".kernel"):
                build_data["force_include"][os.path.join(folder, name)] = f"pcapframe/kernels/{name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was made."""
        if version != "editable" and KERNELS != "none":
            self._made.cleanup()
