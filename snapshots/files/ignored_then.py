"""Finds what the ignore files of a tree leave out, for trees of versions that did not record what lay beside them."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from .git import git
from .outside import Outside
from .repository import Repository
from .tree_diff import read_blobs


def find_ignored(repository: Repository, tree: str, paths: Iterable[bytes]) -> Outside:
    """Returns those of `paths` that the tree's own ignore files name. Raises GitFailed."""
    listed = repository.git("ls-tree", "-r", "-z", tree).split(b"\0")
    entries = [line.split(b"\t", 1) for line in listed if line]
    rules = [(path, about.split()[2].decode()) for about, path in entries if path.split(b"/")[-1] == b".gitignore"]
    with tempfile.TemporaryDirectory() as root:
        contents = read_blobs(repository, [blob for _path, blob in rules])
        for (path, _), (_, data) in zip(rules, contents, strict=True):
            file = Path(root, os.fsdecode(path))
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        command = ["-C", root, "--no-literal-pathspecs", "check-ignore", "--no-index", "-z", "-v", "-n", "--stdin"]
        asked = b"".join(b"./%b\0" % path for path in paths)
        answer = git(repository.directory, command, input=asked, extra={"GIT_WORK_TREE": root}, codes=(0, 1))
    fields = answer.split(b"\0")
    found = zip(fields[2::4], fields[3::4], strict=False)
    return Outside(frozenset(path[2:] for pattern, path in found if pattern and not pattern.startswith(b"!")))
