"""The sample project: small, with a real bug in it, for a first session."""

import shutil
from pathlib import Path

SOURCE = Path(__file__).parent / "sample_project"
FILES = (".gitignore", "README.md", "pricing.py", "test_pricing.py")
BUG = "if quantity > packets:"
FIX = "if quantity >= packets:"


def create_sample(target_dir: Path) -> Path:
    """Write the sample into `target_dir`, which is made if need be, and return it.

    Raises FileExistsError where one of its files is there already (nothing is overwritten), OSError where the directory
    cannot be written.
    """
    taken = [name for name in FILES if (target_dir / name).exists()]
    if taken:
        raise FileExistsError(f"{target_dir} already has {', '.join(taken)}. Choose an empty folder for the sample.")
    target_dir.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        # Kept as .txt, so that linters and test runners of BooCode itself pass them by.
        shutil.copyfile(SOURCE / f"{name}.txt", target_dir / name)
    return target_dir
