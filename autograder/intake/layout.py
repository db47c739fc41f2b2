"""Find the submissions among the names in a folder or zip, from the names alone.

The same rules hold at every depth. A level is, in this order:

1. a platform's download, where entries have the names that one gives (`platforms`);
2. one submission, where a notebook with the homework's name lies, or the only notebook;
3. a folder around one of these, which is opened;
4. a class: each folder, zip and notebook is a submission, named after its learner.

Below that a learner's folder or zip is closed: nothing in it becomes somebody else's submission. The folders
of a class are opened only if each holds several learners, as sections do.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from msgspec.structs import replace

from autograder.assignment import Assignment
from autograder.intake.candidates import Member
from autograder.intake.caps import ARCHIVE
from autograder.intake.entries import remark
from autograder.intake.names import CHECKPOINTS, NOTEBOOK, is_noise, likeness, stem, stem_key, suffix
from autograder.intake.platforms import RECORD, Owner, owner_of
from autograder.model import Notice, Struct

SUBMITTED = "submitted"
LEDGER = "ledger.sqlite3"
# Notebooks with the homework's name in one folder that may be copies of one learner's.
MOST_COPIES = 3
# Zips are opened; the others are a learner's too, and their reading says what to hand in.
_ARCHIVES = (ARCHIVE, ".rar", ".7z", ".tar", ".gz", ".tgz", ".xz")
# Folders round a class, which are nobody's name.
_GENERIC = frozenset(
    {"submission", "submissions", SUBMITTED, "download", "downloads", "assignments", "files"}
)
_ATTEMPT = re.compile(r"-(\d{1,2})$")

# A folder's entries by name; a file has none.
Tree: TypeAlias = dict[str, "Tree | None"]


class Group(Struct):
    """The files of one submission.

    Its id is made from `name`, and `learner` handed it in; both are empty if all files are one submission.
    `inside` is the folder that holds nothing else; without one, `members` lists the files. `problem` says why
    there is nothing to read.
    """

    name: str = ""
    learner: str = ""
    inside: str = ""
    members: tuple[Member, ...] = ()
    attempt: int = 1
    notices: tuple[Notice, ...] = ()
    problem: Notice | None = None


class Layout(Struct):
    """The groups that were found, notices about names in no group, and the platform that made the names."""

    groups: tuple[Group, ...]
    left_out: tuple[Notice, ...] = ()
    platform: str = ""


def find_groups(paths: Iterable[str], assignment: Assignment, name: str = "") -> Layout:
    """Find the submissions in the folder `name` by its relative paths; those of folders end with ``/``."""
    return _level(tree_of(paths), "", name, assignment)


def several_learners(paths: Iterable[str], assignment: Assignment) -> int:
    """Count the learners whose work lies among one submission's files; give 0 if names do not say so."""
    tree = tree_of(paths)
    while len(tree) == 1 and isinstance(below := next(iter(tree.values())), dict):
        tree = below
    learners = len({(o.name, o.learner) for o in _owners(tree, assignment).values()})
    folders = len(_with_alike(tree, assignment))
    return max(learners if learners > 1 else 0, folders if folders > MOST_COPIES else 0)


def tree_of(paths: Iterable[str]) -> Tree:
    """Make a tree of a list of names, without what systems and editors leave behind."""
    root: Tree = {}
    for path in sorted(path for path in paths if not is_noise(path) and not is_noise(path + "x")):
        *folders, last = path.split("/")
        node = root
        for folder in folders:
            below = node.get(folder)
            node[folder] = node = {} if below is None else below
        if last:
            node.setdefault(last, None)
    return root


def _level(tree: Tree, inside: str, name: str, assignment: Assignment) -> Layout:
    if owners := _owners(tree, assignment):
        return _platform(tree, inside, owners, assignment)
    if _is_one(tree, assignment):
        return Layout(groups=(Group(inside=inside),))
    return _opened(tree, inside, name, assignment) or _class(tree, inside, name, assignment)


def _opened(tree: Tree, inside: str, name: str, assignment: Assignment) -> Layout | None:
    """Open the one folder that matters here, if there is one: the assignment's, or the only one with work."""
    folders = _folders(tree)
    loose = any(below is None and suffix(entry) in (NOTEBOOK, *_ARCHIVES) for entry, below in tree.items())
    holding = [folder for folder, below in folders.items() if _holds(below)]
    own = assignment.id in holding and name != SUBMITTED
    single = len(holding) == 1 and not loose
    if not own and not single:
        return None
    only = assignment.id if own else holding[0]
    below = _level(folders[only], f"{inside}{only}/", only, assignment)
    left_out = (*below.left_out, *_strangers([e for e in tree if e != only]))
    if len(below.groups) > 1:
        return replace(below, left_out=left_out) if single else None
    if own:
        return below
    if name == SUBMITTED or len(folders) > 1:
        return None
    return replace(_named_after(only, below, assignment), left_out=left_out)


def _named_after(folder: str, layout: Layout, assignment: Assignment) -> Layout:
    """Name the one submission in a folder after that, unless the folder's name is nobody's."""
    (group,) = layout.groups
    generic = {*_GENERIC, assignment.id.casefold(), stem_key(assignment.notebook)}
    if folder.casefold() in generic or stem_key(folder) in generic or group.problem:
        return layout
    return replace(layout, groups=(replace(group, name=folder, learner=folder),))


# --- what a level holds --------------------------------------------------------------------------


def _folders(tree: Tree) -> dict[str, Tree]:
    return {name: below for name, below in tree.items() if below is not None and name != CHECKPOINTS}


def _is_gradable(name: str) -> bool:
    return suffix(name) in (NOTEBOOK, ARCHIVE)


def _holds(tree: Tree) -> bool:
    """Say whether there is a notebook or a zip anywhere below."""
    return any(_is_gradable(n) if below is None else _holds(below) for n, below in tree.items())


def _alike(tree: Tree, assignment: Assignment) -> list[str]:
    """Give the notebooks of a folder that have the homework's name, or that of a copy."""
    names = (name for name, below in tree.items() if below is None and suffix(name) == NOTEBOOK)
    return [name for name in names if likeness(name, assignment.notebook) >= 2]


def _has_alike(tree: Tree, assignment: Assignment) -> bool:
    below = (t for t in _folders(tree).values())
    return bool(_alike(tree, assignment)) or any(_has_alike(t, assignment) for t in below)


def _with_alike(tree: Tree, assignment: Assignment) -> list[str]:
    """Give the folders somewhere in which a notebook has the homework's name."""
    return [name for name, below in _folders(tree).items() if _has_alike(below, assignment)]


def _is_one(tree: Tree, assignment: Assignment) -> bool:
    """Say whether a level belongs to one learner and not to a class."""
    files = [name for name, below in tree.items() if below is None]
    folders = _folders(tree)
    if alike := _alike(tree, assignment):
        return len(alike) <= MOST_COPIES and len(_with_alike(tree, assignment)) < 2
    notebooks = [name for name in files if suffix(name) == NOTEBOOK]
    archives = [name for name in files if suffix(name) == ARCHIVE]
    if archives or any(map(_holds, folders.values())):
        beside = {suffix(name) for name in files} - {ARCHIVE}
        return len(archives) == 1 and not folders and beside <= _kept(assignment)
    if len(notebooks) == 2:
        # two notebooks beside the homework's one print are one learner's
        others = [name for name in files if name not in notebooks]
        return any(
            stem_key(n) == stem_key(assignment.notebook) for n in others if suffix(n) in _kept(assignment)
        )
    return len(notebooks) == 1 or not (notebooks or folders)


def _kept(assignment: Assignment) -> set[str]:
    """Give the kinds of files that are asked for beside the notebook."""
    return {rule.suffix.lower() for rule in assignment.files.rules} - {NOTEBOOK}


# --- platforms -----------------------------------------------------------------------------------


def _owners(tree: Tree, assignment: Assignment) -> dict[str, Owner]:
    """Give the entries that a platform named, if they are two learners', or all that counts at this level."""
    found = {
        name: owner
        for name, below in tree.items()
        if (owner := owner_of(name, below is not None, assignment.notebook)) is not None
    }
    counted = [name for name, below in tree.items() if _is_gradable(name) or below is not None]
    if len({(o.name, o.learner) for o in found.values()}) > 1 or (found and all(n in found for n in counted)):
        return found
    return {}


def _platform(tree: Tree, inside: str, owners: Mapping[str, Owner], assignment: Assignment) -> Layout:
    """Make a submission of each learner's entries; what the platform did not name is as in a class."""
    by_learner: dict[tuple[str, str], list[str]] = defaultdict(list)
    for entry, owner in owners.items():
        by_learner[owner.name, owner.learner].append(entry)
    groups = [_of_learner(tree, inside, {e: owners[e] for e in mine}) for mine in by_learner.values()]
    rest: Tree = {name: below for name, below in tree.items() if name not in owners and name != RECORD}
    platform = next(iter(owners.values())).platform
    if any(_counts(name, below) for name, below in rest.items()):
        others = _class(rest, inside, "", assignment)
    else:
        others = Layout(groups=(), left_out=tuple(_strangers(list(rest))))
    return replace(others, groups=(*groups, *others.groups), platform=platform)


def _of_learner(tree: Tree, inside: str, entries: Mapping[str, Owner]) -> Group:
    """Gather a learner's entries: the last attempt's notebook or zip, and all other files."""
    own = {name: o for name, o in entries.items() if not o.aside} or dict(entries)
    first = next(iter(own.values()))
    moments = sorted({o.when for o in own.values()})
    group = Group(
        name=first.name,
        learner=first.learner,
        attempt=max(len(moments), 1 + max(_attempt(o.file) for o in own.values())),
        notices=_said(next(iter(own)), own.values(), moments),
    )
    if len(own) == 1 and tree[next(iter(own))] is not None:
        return replace(group, inside=f"{inside}{next(iter(own))}/")
    last = max((o.when for n, o in own.items() if _counts(n, tree[n])), default="")
    members = {
        member.path: member
        for name, owner in sorted(own.items(), key=lambda pair: (pair[1].when, pair[0]))
        for member in _members(name, tree[name], owner)
        if owner.when == last or not _is_gradable(member.path)
    }
    return replace(group, members=tuple(replace(m, name=inside + m.name) for m in members.values()))


def _counts(name: str, below: Tree | None) -> bool:
    return _is_gradable(name) if below is None else _holds(below)


def _members(name: str, below: Tree | None, owner: Owner) -> Iterator[Member]:
    if below is None:
        yield Member(name=name, path=owner.file or name)
        return
    for path in _paths(below):
        yield Member(name=f"{name}/{path}", path=path)


def _paths(tree: Tree) -> Iterator[str]:
    for name, below in tree.items():
        if below is None:
            yield name
        else:
            yield from (f"{name}/{path}" for path in _paths(below))


def _attempt(file: str) -> int:
    """Canvas adds ``-1`` to the name of a first resubmission."""
    found = _ATTEMPT.search(stem(file))
    return int(found[1]) if found else 0


def _said(where: str, owners: Iterable[Owner], moments: Sequence[str]) -> tuple[Notice, ...]:
    notices = []
    if any(owner.late for owner in owners):
        message = "Canvas marked the submission as late."
        notices.append(Notice(code="marked-late", message=message, where=where))
    if len(moments) > 1:
        message = f"There are {len(moments)} attempts; the last notebook, of {moments[-1]}, was read."
        notices.append(Notice(code="several-attempts", message=message, where=where))
    return tuple(notices)


def _strangers(names: Sequence[str]) -> Iterator[Notice]:
    """Say which entries are not submissions; beyond a few, they share a notice."""
    for name in names[:3]:
        yield remark("not-a-submission", name, "is not a submission.")
    if len(names) > 3:
        message = f"{len(names) - 3} more entries are not submissions."
        yield Notice(code="not-a-submission", message=message, where=names[3])


# --- a class -------------------------------------------------------------------------------------


def _class(tree: Tree, inside: str, name: str, assignment: Assignment) -> Layout:
    """Make a submission of each folder, zip and notebook."""
    folders = {n: below for n, below in _folders(tree).items() if LEDGER not in below}
    reports = [n for n, below in _folders(tree).items() if LEDGER in below]
    files = [n for n, below in tree.items() if below is None]
    if not any(map(_is_gradable, files)) and _are_sections(folders, assignment):
        found = [_level(below, f"{inside}{n}/", n, assignment) for n, below in folders.items()]
        groups = [group for layout in found for group in layout.groups]
        left_out = [notice for layout in found for notice in layout.left_out]
    else:
        groups = [_of_folder(n, below, inside, assignment, name == SUBMITTED) for n, below in folders.items()]
        left_out = []
    loose, strangers = _by_stem(files, assignment)
    groups += [_named(stem(some[0]), members=[inside + f for f in some]) for some in loose]
    left_out += _strangers([*strangers, *reports])
    return Layout(groups=tuple(groups), left_out=tuple(left_out))


def _are_sections(folders: Mapping[str, Tree], assignment: Assignment) -> bool:
    """Say whether each folder holds several learners' work, and no two folders the same names."""
    inner = [_with_alike(below, assignment) for below in folders.values()]
    if any(_owners(below, assignment) for below in folders.values()):
        return all(_owners(below, assignment) for below in folders.values())
    together = [name for names in inner for name in names]
    apart = len(set(together)) == len(together) and assignment.id not in together
    return (
        bool(folders)
        and apart
        and all(len(names) > 1 for names in inner)
        and not any(_alike(below, assignment) for below in folders.values())
    )


def _of_folder(name: str, tree: Tree, inside: str, assignment: Assignment, strict: bool) -> Group:
    """Take a learner's folder, or nbgrader's folder of the assignment in it."""
    own = tree.get(assignment.id)
    if own is not None and not _alike(tree, assignment) and (strict or _holds(own)):
        return _named(name, inside=f"{inside}{name}/{assignment.id}/")
    if not strict:
        return _named(name, inside=f"{inside}{name}/")
    what = f"has no folder {assignment.id}, so there is nothing of theirs to grade."
    problem = remark("not-submitted", name, what)
    return replace(_named(name, inside=f"{inside}{name}/"), problem=problem)


def _by_stem(files: Sequence[str], assignment: Assignment) -> tuple[list[list[str]], list[str]]:
    """Give the files of each learner, the notebook first, and the files of nobody.

    A zip is alone; other files go with the notebook whose stem theirs begins with. Where learners hand in
    single files, one that is asked for is a learner's even without a notebook.
    """
    archives = [[file] for file in files if suffix(file) in _ARCHIVES]
    by_stem: dict[str, list[str]] = {}
    for file in files:
        if suffix(file) == NOTEBOOK:
            by_stem.setdefault(stem(file).removesuffix("-checkpoint"), []).append(file)
    flat, strangers = bool(by_stem), []
    for file in (file for file in files if suffix(file) not in (NOTEBOOK, *_ARCHIVES)):
        near = _beginning(stem(file), by_stem)
        if near is not None:
            by_stem[near].append(file)
        elif flat and suffix(file) in _kept(assignment):
            by_stem[stem(file)] = [file]
        else:
            strangers.append(file)
    return [*archives, *by_stem.values()], strangers


def _beginning(name: str, stems: Mapping[str, list[str]]) -> str | None:
    """Give the longest stem that begins a name: ``s001`` begins ``s001 print`` and not ``s0012``."""
    ends = (end for end in range(len(name), 0, -1) if not name[end : end + 1].isalnum())
    return next((name[:end] for end in ends if name[:end] in stems), None)


def _named(name: str, inside: str = "", members: Iterable[str] = ()) -> Group:
    listed = tuple(Member(name=m, path=m.rpartition("/")[2]) for m in members)
    return Group(name=name, learner=name, inside=inside, members=listed)
