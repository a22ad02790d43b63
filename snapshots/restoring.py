"""The files' part of a restore: what would change, what the person would lose by it, and doing it all or not at all.
Blocking; the caller holds the project's lock."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tools.errors import PathDenied, ToolError

from .comparing import FileChange, Side, changed_paths, compare, read_blobs
from .models import Checkpoint
from .placing import NOTHING, PlacingWorkspace
from .repository import Repository

CHANGED_SINCE = "changed since by somebody else than this chat"
NOT_KEPT = "it is not in the checkpoint that an undo would need"


class RestoreFailed(Exception):
    """A file could not be restored, and all are as they were; the text says why."""


@dataclass
class Plan:
    """The files that a restore would change. `conflicts` says of some why they stay as they are, unless chosen
    otherwise; those in `fixed` can't be chosen."""

    changes: list[FileChange]
    conflicts: dict[str, str] = field(default_factory=dict)
    fixed: set[str] = field(default_factory=set)

    def kept(self, overwrite: Iterable[str], everything: bool) -> list[str]:
        """The conflicts that stay."""
        chosen = set(self.conflicts if everything else overwrite) - self.fixed
        return sorted(set(self.conflicts) - chosen)


def plan(
    repository: Repository,
    workspace: PlacingWorkspace,
    current: str,
    target: Checkpoint,
    tree: str,
    only: Iterable[str] = (),
) -> Plan:
    """What going back to `tree`, which is of `target`, changes in a workspace that is as the tree `current` says.
    Raises GitFailed."""
    changes = chosen(compare(repository, current, tree), only, ())
    found = Plan(changes)
    foreign = _foreign(repository, target, current)
    going = {change.raw for change in changes if not change.new.exists}
    for change in changes:
        # What lies under a link or a file that goes will have room.
        has_room = not going.isdisjoint(_folders(change.raw))
        if not has_room and (objection := workspace.objection(change.raw)):
            found.conflicts[change.path] = objection
            found.fixed.add(change.path)
        elif change.path in foreign:
            found.conflicts[change.path] = CHANGED_SINCE
        elif not change.old.exists and not has_room and workspace.side(change.raw) != NOTHING:
            found.conflicts[change.path] = NOT_KEPT
    return found


def chosen(changes: list[FileChange], only: Iterable[str], kept: Iterable[str]) -> list[FileChange]:
    """The changes to make: of all or `only` some paths, without the `kept`."""
    wanted, left = set(only), set(kept)
    return [change for change in changes if (not wanted or change.path in wanted) and change.path not in left]


def _foreign(repository: Repository, target: Checkpoint, current: str) -> set[str]:
    """The files that changed since `target` while no turn of its chat was at work: the person did it, or another
    chat."""
    rows = Checkpoint.objects.filter(chat_id=target.chat_id, id__gt=target.pk, ended_at__isnull=False)
    pairs, last = list[tuple[str, str]](), target.tree
    for before, tree in rows.order_by("id").values_list("before", "tree"):
        pairs.append((last, before or tree))
        last = tree or before or last
    return changed_paths(repository, [*pairs, (last, current)])


def apply(repository: Repository, workspace: PlacingWorkspace, changes: list[FileChange]) -> list[str]:
    """Make the changes, or none. Gives the paths that were left alone, for they are no longer as the plan found them.
    What is done already counts as done, so it may be called again after a crash. Raises RestoreFailed."""
    left = list[str]()
    # What goes makes room for what comes: a file where a folder was, and the other way round.
    ordered = sorted(changes, key=lambda change: change.new.exists)
    try:
        for change, data in _with_content(repository, ordered):
            now = workspace.side(change.raw)
            if now == change.new:
                continue
            if now != change.old:
                left.append(change.path)
                continue
            _place(workspace, change.raw, change.new, data)
    except (ToolError, OSError) as error:
        _undo(repository, workspace, changes)
        raise RestoreFailed(f"{change.path} could not be restored: {error}") from error
    return left


def _undo(repository: Repository, workspace: PlacingWorkspace, changes: list[FileChange]) -> None:
    """Put back what is done, by an earlier call too."""
    backwards = [FileChange(change.raw, change.new, change.old) for change in changes]
    ordered = sorted(backwards, key=lambda change: change.new.exists)
    for change, data in _with_content(repository, ordered):
        if _is(workspace, change.raw, change.old):
            _place(workspace, change.raw, change.new, data)


def _is(workspace: PlacingWorkspace, raw: bytes, side: Side) -> bool:
    try:
        return workspace.side(raw) == side
    except PathDenied:
        return False


def _with_content(repository: Repository, changes: list[FileChange]) -> Iterable[tuple[FileChange, bytes]]:
    gone = [change for change in changes if not change.new.exists]
    coming = changes[len(gone) :]
    yield from ((change, b"") for change in gone)
    contents = read_blobs(repository, [change.new.blob for change in coming])
    for change, (_, data) in zip(coming, contents, strict=True):
        yield change, data


def _folders(raw: bytes) -> Iterator[bytes]:
    while b"/" in raw:
        raw = raw.rpartition(b"/")[0]
        yield raw


def _place(workspace: PlacingWorkspace, raw: bytes, side: Side, data: bytes) -> None:
    if side.exists:
        workspace.put(raw, side.mode, data)
    else:
        workspace.take_away(raw)
