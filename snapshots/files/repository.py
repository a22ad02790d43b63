"""Keeps a project's trees of files in a bare git repository of BooCode's own in the data directory.

The person's `.git` is only read, for its ignore rules. A tree holds every file that git would show as tracked or new:
ignored files are left out, and so are files over 10 MB and the folders of `exclusions`, which the result names. The
files of nested repositories and submodules are in it. Everything here blocks; the caller holds the workspace's lock.
"""

import os
import re
import shutil
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from django.conf import settings

from . import exclusions, outside
from .git import GitFailed, git

LARGE_BYTES = 10 * 1024 * 1024
TAKE_S = 120.0
MANY_FILES = 500
MOST_FILES = 200_000
MOST_NAMED = 100
EMPTY_BLOB = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
REFS = "refs/trees/"
LAST = "refs/last"
PLACEHOLDER = ".boocode-nested-repository"
_UNREADABLE = re.compile(r"^fatal: Unable to process path (.+)$", re.MULTILINE)


def home() -> Path:
    return Path(settings.DATA_DIR) / "checkpoints"


@dataclass(frozen=True)
class LeftOut:
    """A file that is in no tree, or a folder (its path ends with a slash), and why."""

    path: str
    reason: str


@dataclass
class CapturedTree:
    """A tree's id, and what it does not hold (the first hundred, and how many there are)."""

    tree: str
    left_out: list[LeftOut] = field(default_factory=list)
    left_out_count: int = 0


class Repository:
    def __init__(self, workspace_id: UUID, root: str) -> None:
        self.directory = home() / f"{workspace_id}.git"
        self.root = root
        self._index = self.directory / "boocode-index"
        self._scratch = self.directory / "boocode-index.new"
        self._rules = self.directory / "info" / "exclude"

    def git(self, *arguments: str, input: bytes = b"", timeout_s: float = TAKE_S) -> bytes:
        """Runs git on the objects alone. Raises GitFailed."""
        return git(self.directory, arguments, input=input, timeout_s=timeout_s)

    def check_folder(self) -> None:
        """Raises GitFailed where the folder is gone, or a link leads to another folder."""
        if not os.path.isdir(self.root) or os.path.realpath(self.root) != self.root:
            raise GitFailed(f"The folder {self.root} can't be opened.")

    def capture_tree(self) -> CapturedTree:
        """Writes the tree of the workspace as it is now. Raises GitFailed."""
        self.check_folder()
        self._prepare()
        own_lines = self._write_rules()
        changed = self._list_changed()
        if len(changed) > MOST_FILES:
            raise GitFailed(f"There are more than {MOST_FILES:,} files to keep; add what is generated to .gitignore.")
        taken = CapturedTree("")
        keep, drop = self._sort(changed, taken)
        self._update(keep, drop, taken)
        taken.tree = self._git_on_files("write-tree").decode().strip()
        left_out = {os.fsencode(item.path) for item in taken.left_out}
        outside.record(self.directory, taken.tree, left_out | self._list_ignored())
        # Held in any case: the index names its files, and the next tree is written from the index.
        self._write_ref(LAST, taken.tree)
        os.replace(self._scratch, self._index)
        taken.left_out += self._list_folders_made_anew(own_lines)
        taken.left_out_count = len(taken.left_out)
        del taken.left_out[MOST_NAMED:]
        return taken

    def hold_tree(self, tree: str) -> None:
        """Holds on to a tree until `collect_garbage` leaves it out."""
        self._write_ref(f"{REFS}{tree}", tree)

    def read_outside(self, tree: str) -> outside.Outside | None:
        """Returns what lay beside a tree; None where an older version took it."""
        return outside.read(self.directory, tree)

    def collect_garbage(self, wanted: set[str]) -> None:
        """Removes what belongs to no wanted tree. Raises GitFailed."""
        held = self.git("for-each-ref", "--format=%(refname)", REFS).decode().split()
        going = [ref for ref in held if ref.removeprefix(REFS) not in wanted]
        self.git("update-ref", "--stdin", input="".join(f"delete {ref}\n" for ref in going).encode())
        self.git("pack-refs", "--all", "--prune")
        self.git("repack", "-a", "-d", "-q", "--window=0", "--depth=0")
        self.git("prune", "--expire=now")
        outside.forget(self.directory, {*wanted, self.git("rev-parse", LAST).decode().strip()})

    def delete(self) -> None:
        """Removes the whole repository."""
        shutil.rmtree(self.directory, ignore_errors=True)

    def _write_ref(self, name: str, tree: str) -> None:
        # As git writes a loose ref, without a process for it: a checkpoint is taken at every turn.
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{path.name}.new")
        unfinished.write_text(f"{tree}\n")
        os.replace(unfinished, path)

    def _prepare(self) -> None:
        if not (self.directory / "HEAD").exists():
            home().mkdir(mode=0o700, parents=True, exist_ok=True)
            unfinished = self.directory.with_suffix(".new")
            shutil.rmtree(unfinished, ignore_errors=True)
            git(unfinished, ["init", "-q", "--bare", "--template="])
            (unfinished / "info").mkdir()
            # Stronger than any .gitattributes of the workspace: files are kept byte for byte.
            (unfinished / "info" / "attributes").write_text("* -text -ident !filter !eol !working-tree-encoding\n")
            os.replace(unfinished, self.directory)
        # A copy, so that a kill in the middle leaves the index as it was; with its time, by which git knows which
        # files may have changed after they were looked at.
        for leftover in self.directory.glob(f"{self._scratch.name}*"):
            leftover.unlink()
        if self._index.exists():
            shutil.copy2(self._index, self._scratch)

    def _git_on_files(self, *arguments: str, input: bytes = b"") -> bytes:
        extra = {"GIT_WORK_TREE": self.root, "GIT_INDEX_FILE": str(self._scratch)}
        # Run outside of the root: what it prints and reads is relative to the root all the same.
        return git(self.directory, ["-C", self.root, *arguments], input=input, timeout_s=TAKE_S, extra=extra)

    def _list_changed(self) -> list[bytes]:
        """Returns the new, changed and missing files, as paths below the root."""
        known: set[bytes] = set()
        while True:
            listed = set(self._git_on_files("ls-files", "-z", "-o", "-m", *self._ignore_rules()).split(b"\0")) - {b""}
            nested = {path for path in listed if path.endswith(b"/")} - known
            if not nested:
                break
            # Git does not look into a repository below, unless its index has something from there.
            known |= nested
            lines = [b"100644 %b\t%b%b\0" % (EMPTY_BLOB.encode(), path, PLACEHOLDER.encode()) for path in nested]
            self._git_on_files("update-index", "-z", "--index-info", input=b"".join(lines))
        listed |= self._list_tracked_and_ignored()
        return sorted(path for path in listed if not path.endswith(b"/"))

    def _list_ignored(self) -> set[bytes]:
        """Returns the files that the rules leave out; a folder that is left out as a whole by its name with a slash."""
        rules = self._ignore_rules()
        return set(self._git_on_files("ls-files", "-z", "-o", "-i", "--directory", *rules).split(b"\0")) - {b""}

    def _write_rules(self) -> int:
        """Writes the rules that come before every .gitignore. Returns how many lines are not the person's."""
        patterns = exclusions.list_patterns(self.root)
        tracked = self._list_persons_files("-c", "-i", *(f"--exclude={line}" for line in patterns))
        lines = [*map(os.fsencode, patterns), *exclusions.list_exceptions(tracked)]
        try:
            persons = Path(self.root, ".git", "info", "exclude").read_bytes()
        except OSError:
            persons = b""
        self._rules.write_bytes(b"\n".join([*lines, persons]))
        return len(lines)

    def _ignore_rules(self) -> list[str]:
        rules = ["--exclude-standard"]
        data = os.path.realpath(settings.DATA_DIR)
        if data.startswith(f"{self.root.rstrip('/')}/"):
            below = os.fsencode(os.path.relpath(data, self.root))
            rules.append(f"--exclude=/{os.fsdecode(exclusions.escape(below))}/")
        return rules

    def _list_tracked_and_ignored(self) -> set[bytes]:
        """Returns the files that the person's own repository keeps although its rules ignore them."""
        return self._list_persons_files("-c", "-i", "--exclude-standard")

    def _list_persons_files(self, *arguments: str) -> set[bytes]:
        """Returns what `ls-files` lists of the person's own repository, nothing where there is none."""
        own = os.path.join(self.root, ".git")
        if not os.path.isfile(os.path.join(own, "index")):
            return set()
        extra = {"GIT_WORK_TREE": self.root}
        try:
            listed = git(Path(own), ["-C", self.root, "ls-files", "-z", *arguments], timeout_s=TAKE_S, extra=extra)
            return set(listed.split(b"\0")) - {b""}
        except GitFailed:
            return set()

    def _list_folders_made_anew(self, own_lines: int) -> list[LeftOut]:
        """Returns the folders that only the first `own_lines` of our rules leave out."""
        rules = [f"--exclude={line}" for line in exclusions.list_patterns(self.root)]
        listed = self._git_on_files("ls-files", "-z", "-o", "-i", "--directory", *rules).split(b"\0")
        folders = [path for path in listed if path.endswith(b"/") and exclusions.is_named(path)]
        if not folders:
            return []
        named = b"".join(b"./%b\0" % path for path in folders)
        try:
            told = self._git_on_files("--no-literal-pathspecs", "check-ignore", "-z", "-v", "--stdin", input=named)
        except GitFailed:  # its way to say that none is ignored
            return []
        fields = told.split(b"\0")
        found = zip(fields[0::4], fields[1::4], fields[2::4], fields[3::4], strict=False)
        return [
            LeftOut(os.fsdecode(path.removeprefix(b"./")), exclusions.MADE_ANEW)
            for source, line, pattern, path in found
            if source == os.fsencode(self._rules) and int(line) <= own_lines and not pattern.startswith(b"!")
        ]

    def _sort(self, changed: Iterable[bytes], taken: CapturedTree) -> tuple[list[bytes], list[bytes]]:
        """Returns what to put into the index, and what to remove from it. Adds what is left out to `taken`."""
        keep, drop = list[bytes](), list[bytes]()
        for path in changed:
            reason = self._why_not(path)
            (drop if reason is not None else keep).append(path)
            if reason:
                taken.left_out.append(LeftOut(os.fsdecode(path), reason))
        return keep, drop

    def _why_not(self, path: bytes) -> str | None:
        """Returns why the file is left out: None for a file to keep, an empty text for a file that is not there."""
        full = os.path.join(os.fsencode(self.root), path)
        try:
            status = os.lstat(full)
        except OSError:
            return ""
        if stat.S_ISLNK(status.st_mode):
            return None
        if not stat.S_ISREG(status.st_mode):
            return ""
        if status.st_size > LARGE_BYTES:
            return f"{status.st_size / 1024 / 1024:,.0f} MB: files over 10 MB are not kept"
        return None if os.access(full, os.R_OK) else "it can't be read"

    def _update(self, keep: list[bytes], drop: Sequence[bytes], taken: CapturedTree) -> None:
        if drop:
            self._git_on_files("update-index", "-z", "--force-remove", "--stdin", input=b"\0".join(drop) + b"\0")
        # Many at once go into one pack; a pack for each turn would be slow in the end.
        packed = ["-c", "core.bigFileThreshold=1"] if len(keep) > MANY_FILES else []
        while keep:
            try:
                self._git_on_files(
                    *packed, "update-index", "-z", "--add", "--remove", "--stdin", input=b"\0".join(keep) + b"\0"
                )
                return
            except GitFailed as error:
                # Something changed between the look and the reading, or can't be read after all.
                bad = _UNREADABLE.search(str(error))
                path = os.fsencode(bad[1]) if bad else b""
                if path not in keep or len(taken.left_out) > MOST_NAMED:
                    raise
                keep.remove(path)
                taken.left_out.append(LeftOut(os.fsdecode(path), "it could not be read"))
