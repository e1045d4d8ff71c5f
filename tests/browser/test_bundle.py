"""The built pages in the package are those of their sources."""

import shutil
import subprocess
from pathlib import Path

import pytest
from browser_server import ROOT

SOURCES = ROOT / "scripts/web"
BUILT = ROOT / "photowave/web/static"


@pytest.mark.slow
def test_the_built_pages_are_those_of_their_sources(tmp_path: Path) -> None:
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("no node and npm: the bundle is not built anew")
    folder = tmp_path / "web"
    shutil.copytree(SOURCES, folder, ignore=shutil.ignore_patterns("node_modules"))
    install = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(install, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"npm cannot install: {done.stderr.strip()[-300:]}")
    subprocess.run([npm, "run", "check"], cwd=folder, capture_output=True, check=True)
    subprocess.run([npm, "run", "build", "--", str(tmp_path / "built")], cwd=folder, check=True)
    names = {path.name for path in BUILT.iterdir()}
    assert {path.name for path in (tmp_path / "built").iterdir()} == names
    other = [
        name for name in names if (tmp_path / "built" / name).read_bytes() != (BUILT / name).read_bytes()
    ]
    assert other == [], "build them with `npm ci && npm run build` in scripts/web"
