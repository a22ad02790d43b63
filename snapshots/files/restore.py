"""Restores files: plans what would change and what the person would lose by it, and changes all of it or nothing.
Blocks; the caller holds the workspace's lock."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from snapshots.models import Checkpoint
from tools.errors import PathDenied, ToolError

from .ignored_then import find_ignored
from .outside import NOTHING_OUTSIDE, Outside
from .repository import Repository
from .tree_diff import FileChange, Side, compare_trees, decode_path, find_changed_paths, read_blobs
from .tree_writer import NOTHING, TreeWriter

CHANGED_SINCE = "changed since by somebody else than this chat"
WAS_OUTSIDE = "it was there before, or may have been, where no checkpoint keeps it"
NOT_KEPT = "it is not in the checkpoint that an undo would need"


class RestoreFailed(Exception):
    """A file could not be restored, and all are as they were; the text says why."""


@dataclass
class RestorePlan:
    """The files that a restore would change. `conflicts` says of some why they stay as they are, unless chosen
    otherwise; those in `fixed` can't be chosen."""

    changes: list[FileChange]
    conflicts: dict[str, str] = field(default_factory=dict)
    fixed: set[str] = field(default_factory=set)
    beside: list[str] = field(default_factory=list)
    """What lies beside the trees now and did not then: a restore leaves it."""

    def list_kept(self, overwrite: Iterable[str], everything: bool) -> list[str]:
        """Returns the conflicts that stay as the person made them."""
        chosen = set(self.conflicts if everything else overwrite) - self.fixed
        return sorted(set(self.conflicts) - chosen)


def plan_restore(
    repository: Repository,
    workspace: TreeWriter,
    current: str,
    target: Checkpoint,
    tree: str,
    only: Iterable[str] = (),
) -> RestorePlan:
    """Plans what going back to `tree`, a tree of `target`, changes in a workspace that holds the tree `current`. `only`
    restricts it to some paths. Raises GitFailed."""
    changes = select_changes(compare_trees(repository, current, tree), only, ())
    found = RestorePlan(changes, beside=_find_new_beside(repository, current, tree, changes))
    foreign = _find_foreign_changes(repository, target, current)
    going = {change.raw for change in changes if not change.new.exists}
    was_outside = _find_outside(repository, target, tree, going)
    for change in changes:
        # What lies under a link or a file that goes will have room.
        has_room = not going.isdisjoint(_list_parents(change.raw))
        if not has_room and (objection := workspace.find_objection(change.raw)):
            found.conflicts[change.path] = objection
            found.fixed.add(change.path)
        elif not change.new.exists and was_outside.holds(change.raw):
            found.conflicts[change.path] = WAS_OUTSIDE
            found.fixed.add(change.path)
        elif change.path in foreign:
            found.conflicts[change.path] = CHANGED_SINCE
        elif not change.old.exists and not has_room and workspace.read_side(change.raw) != NOTHING:
            found.conflicts[change.path] = NOT_KEPT
    return found


def select_changes(changes: list[FileChange], only: Iterable[str], kept: Iterable[str]) -> list[FileChange]:
    """Returns the changes to make: of all or `only` some paths, without the `kept`."""
    wanted, left = set(only), set(kept)
    return [change for change in changes if (not wanted or change.path in wanted) and change.path not in left]


def _find_foreign_changes(repository: Repository, target: Checkpoint, current: str) -> set[str]:
    """Returns the files that changed since `target` while no turn of its chat was at work: the person changed them, or
    another chat."""
    rows = Checkpoint.objects.filter(chat_id=target.chat_id, id__gt=target.pk, ended_at__isnull=False)
    pairs, last = list[tuple[str, str]](), target.tree
    for before, tree in rows.order_by("id").values_list("before", "tree"):
        pairs.append((last, before or tree))
        last = tree or before or last
    return find_changed_paths(repository, [*pairs, (last, current)])


def _find_new_beside(repository: Repository, current: str, tree: str, changes: list[FileChange]) -> list[str]:
    now, then = repository.read_outside(current), repository.read_outside(tree)
    if now is None or then is None:
        return []
    return [decode_path(path) for path in sorted(now.paths - then.paths - {change.raw for change in changes})]


def _find_outside(repository: Repository, target: Checkpoint, tree: str, going: set[bytes]) -> Outside:
    """Returns what lay beside `tree` or beside any tree since, and so is nothing that a turn is known to have made."""
    if not going:
        return NOTHING_OUTSIDE
    later = Checkpoint.objects.filter(workspace_id=target.workspace_id, id__gt=target.pk)
    trees = {tree, target.tree, *(one for pair in later.values_list("before", "tree") for one in pair)} - {""}
    found = NOTHING_OUTSIDE
    for one in trees:
        found |= repository.read_outside(one) or NOTHING_OUTSIDE
    if repository.read_outside(tree) is None:
        found |= Outside(frozenset(os.fsencode(item["path"]) for item in target.left_out))
        found |= find_ignored(repository, tree, going)
    return found


def apply_changes(repository: Repository, workspace: TreeWriter, changes: list[FileChange]) -> list[str]:
    """Makes all the changes, or none. Returns the paths that were left alone, because they are no longer as the plan
    found them. What is done already counts as done, so it may be called again after a crash. Raises RestoreFailed."""
    left = list[str]()
    # What goes makes room for what comes: a file where a folder was, and the other way round.
    ordered = sorted(changes, key=lambda change: change.new.exists)
    try:
        for change, data in _with_content(repository, ordered):
            now = workspace.read_side(change.raw)
            if now == change.new:
                continue
            if now != change.old:
                left.append(change.path)
                continue
            _write_side(workspace, change.raw, change.new, data)
    except (ToolError, OSError) as error:
        _undo(repository, workspace, changes)
        raise RestoreFailed(f"{change.path} could not be restored: {error}") from error
    return left


def _undo(repository: Repository, workspace: TreeWriter, changes: list[FileChange]) -> None:
    """Puts back what is done, also by an earlier call."""
    backwards = [FileChange(change.raw, change.new, change.old) for change in changes]
    ordered = sorted(backwards, key=lambda change: change.new.exists)
    for change, data in _with_content(repository, ordered):
        if _has_side(workspace, change.raw, change.old):
            _write_side(workspace, change.raw, change.new, data)


def _has_side(workspace: TreeWriter, raw: bytes, side: Side) -> bool:
    try:
        return workspace.read_side(raw) == side
    except PathDenied:
        return False


def _with_content(repository: Repository, changes: list[FileChange]) -> Iterable[tuple[FileChange, bytes]]:
    gone = [change for change in changes if not change.new.exists]
    coming = changes[len(gone) :]
    yield from ((change, b"") for change in gone)
    contents = read_blobs(repository, [change.new.blob for change in coming])
    for change, (_, data) in zip(coming, contents, strict=True):
        yield change, data


def _list_parents(raw: bytes) -> Iterator[bytes]:
    while b"/" in raw:
        raw = raw.rpartition(b"/")[0]
        yield raw


def _write_side(workspace: TreeWriter, raw: bytes, side: Side, data: bytes) -> None:
    if side.exists:
        workspace.put_file(raw, side.mode, data)
    else:
        workspace.remove_file(raw)
