"""The main job end to end against a real, embedded Label Studio, in a copy of the project.

    received and decided files ──copy──► .studio/run ──► tables ──► tasks ──► server
                                                          ▲                      │
                  shipped exports ── restore ─────────────┼──────────────────────┤
                                                       compare ◄── pull ◄────────┘

The copy is made anew by each run and stays until the next, with the server's SQLite file, so that it can be looked at.
The checkout is only read.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .build import N_STEPS as BUILD_STEPS
from .build import build_project, made_files
from .engine.steps import Steps
from .errors import StancewireError
from .project import Project

N_STEPS = BUILD_STEPS + 8

# What a server cannot give back: its clock, and the name of the project on it.
NOT_COMPARED = ("created_at", "updated_at", "project")


@dataclass
class PipelineReport:
    """What the run proved and where its results are.

    Attributes:
        compared: columns of `judgements` that were compared; judgements: how many were.
        differences: one line each; empty when everything came back as shipped.
        rows: rows by table. tables: the copy's root, with all tables.
        url, accounts, passwords: of the server left up by `serve`: its address, the e-mail addresses to sign in with,
            and the private files that hold their passwords; else None and empty.
    """

    compared: list[str] = field(default_factory=list)
    judgements: int = 0
    differences: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    tables: Path = Path()
    version: str = ""
    release: str | None = None
    url: str | None = None
    accounts: list[str] = field(default_factory=list)
    passwords: str = ""

    def as_json(self) -> dict[str, Any]:
        """The report as one flat JSON object."""
        return {**self.__dict__, "tables": str(self.tables)}

    def lines(self) -> list[str]:
        """The report as a person reads it."""
        lines = [f"difference: {line}" for line in self.differences]
        lines.append(
            f"round trip through Label Studio: {self.judgements} current judgements, "
            f"{len(self.differences)} differences; columns compared: {', '.join(self.compared)}"
        )
        equal = f"release {self.release}" if self.release else "no release (a version under work)"
        lines.append(f"data version {self.version}; every made table equals the committed one; package equals: {equal}")
        if self.differences:
            lines[-1] = f"data version {self.version}; NOT everything equals what is shipped, see above"
        lines += [
            f"tables: {self.tables}/corpus/*.parquet and {self.tables}/annotations/*.parquet",
            f"start here: {self.tables}/annotations/stances_wide.parquet",
            f"guidelines for annotators: {self.tables}/schema/labeling/guidelines.md",
        ]
        if self.url:
            lines.append(f"Label Studio is up at {self.url}; accounts: {', '.join(self.accounts)}")
            lines.append(f"their passwords: {self.passwords}; stop it: stancewire --project {self.tables} studio stop")
        return lines


def run_main_job(project: Project, workers: int = 1, serve: bool = False, steps: Steps | None = None) -> PipelineReport:
    """Run everything on a copy of `project`, and compare what comes out with what is shipped.

    Args:
        serve: leave the server up.

    Raises:
        StancewireError: a stage failed; the copy stays for a look, the server is stopped.
    """
    from .label_studio.server import stop_server

    steps = steps or Steps(N_STEPS, quiet=True)
    run = project.studio / "run"
    with one_run_at_a_time(project):
        with steps.step("copying what was received and decided") as said:
            stop_server(run / ".studio")  # of a run that was killed
            copy = copy_project(project, run)
            said.append(str(run))
        built = build_project(copy, workers, steps)
        report = PipelineReport(tables=run, version=built.version, rows=built.rows)
        _check_problems(copy, steps)
        _round_trip(copy, report, serve, steps)
        with steps.step("comparing every made file with the committed one") as said:
            report.differences += compare_made(project, copy)
            said.append(f"{len(made_files(copy))} files")
        with steps.step("comparing the package with its release") as said:
            report.release = compare_release(project, copy, report)
            said.append(f"release {report.release}" if report.release else f"{report.version} is not a release")
    return report


@contextlib.contextmanager
def one_run_at_a_time(project: Project) -> Any:
    """Hold the lock of `.studio/run`'s owner, so that two runs do not share a copy."""
    project.studio.mkdir(exist_ok=True)
    with Project(project.studio).writing():
        yield


def copy_project(project: Project, to: Path) -> Project:
    """Copy all but the made files and the server's own into an emptied folder."""
    if to.exists():
        shutil.rmtree(to)
    to.mkdir(parents=True)
    made = set(made_files(project))
    for name in ("corpus", "schema", "annotations"):
        for source in sorted((project.root / name).rglob("*")):
            if source.is_dir() or source in made or _private(project, source):
                continue
            target = to / source.relative_to(project.root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    return Project(to)


def _private(project: Project, path: Path) -> bool:
    return path == project.people_json or path.name.endswith(".writing")


def _check_problems(copy: Project, steps: Steps) -> None:
    from .checks.project_checks import check_project

    with steps.step("validating") as said:
        found = [problem for problem in check_project(copy) if problem.severity == "problem"]
        if found:
            raise StancewireError(f"{len(found)} problems, the first: {found[0]}; see all with: stancewire validate")
        said.append("0 problems")


def _round_trip(copy: Project, report: PipelineReport, serve: bool, steps: Steps) -> None:
    """Empty server → tasks, suggestions, shipped annotations → pulled again → the same judgements."""
    from .codebook import read_campaign
    from .judgements.stage import write_judgements
    from .label_studio.client import connect
    from .label_studio.pull import pull_all
    from .label_studio.push import push_pass
    from .label_studio.restore import restore_all
    from .label_studio.server import start_server, stop_server

    pulled = copy.root / "pulled"
    campaign = read_campaign(copy.campaign_yaml)
    try:
        with steps.step("starting Label Studio") as said:
            server = start_server(copy.studio, bound=not serve, fresh=True)
            said.append(server.url)
        with connect(copy) as client:
            with steps.step("making accounts and projects, sending tasks and suggestions") as said:
                for name in dict.fromkeys(round_.task_pass for round_ in campaign.rounds):
                    said.append(f"{name}: {_counted(push_pass(copy, client, name).counts)}")
            with steps.step("putting the shipped annotations back under their annotators") as said:
                said.append(_counted(restore_all(copy, client).counts))
            with steps.step("pulling them and comparing the judgements") as said:
                pull_all(copy, client, out=pulled / "exports")
                again = write_judgements(copy, out=pulled / "tables", exports=pulled / "exports")
                compare_judgements(copy, pulled / "tables", report)
                said.append(f"{again.counts['judgements']} judgements, {len(report.differences)} differences")
    except BaseException:
        stop_server(copy.studio)
        raise
    if serve:
        report.url = server.url
        report.accounts = [server.email, *(f"{who.annotator_id}@annotators.invalid" for who in campaign.annotators)]
        report.passwords = f"{copy.studio / 'secrets.json'} (administrator), {copy.people_json} (annotators)"
    else:
        stop_server(copy.studio)


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in counts.items() if number) or "nothing"


def compare_judgements(copy: Project, pulled: Path, report: PipelineReport) -> None:
    """Compare the current judgements of the copy with those that came through the server, in every column but three."""
    from .tables import read_table, read_table_schema

    schema = read_table_schema("judgements", copy.table_schemas)
    report.compared = [field.name for field in schema.fields if field.name not in NOT_COMPARED]
    shipped, again = (
        {row["judgement_id"]: row for row in read_table(folder, schema).to_pylist() if row["status"] == "current"}
        for folder in (copy.annotations, pulled)
    )
    report.judgements = len(shipped)
    for key in sorted(shipped.keys() | again.keys()):
        if key not in again:
            report.differences.append(f"judgement {key} did not come back from Label Studio")
        elif key not in shipped:
            report.differences.append(f"judgement {key} came from Label Studio and was never sent")
        else:
            report.differences += [
                f"judgement {key}: {name} was {shipped[key][name]!r}, came back as {again[key][name]!r}"
                for name in report.compared
                if shipped[key][name] != again[key][name]
            ]


def compare_made(project: Project, copy: Project) -> list[str]:
    """Where a made file of the copy is not, byte for byte, the one in the checkout."""
    ours, theirs = (
        {path.relative_to(at.root): path for path in (*made_files(at), *at.schema.rglob("*")) if path.is_file()}
        for at in (copy, project)
    )
    differences = []
    for name in sorted(ours.keys() | theirs.keys()):
        if name not in theirs:
            differences.append(f"{name.as_posix()} is missing in the checkout; run: stancewire build")
        elif name not in ours:
            differences.append(f"{name.as_posix()} stands in the checkout, and nothing makes it; remove it")
        elif ours[name].read_bytes() != theirs[name].read_bytes():
            differences.append(f"{name.as_posix()} differs from the checkout's; run: stancewire build")
    return differences


def compare_release(project: Project, copy: Project, report: PipelineReport) -> str | None:
    """Where the built version is a release: rebuild its package and compare every file; else None."""
    from .release.package import compare_packages, package_into

    frozen = project.releases / report.version
    if not frozen.is_dir():
        return None
    rebuilt = copy.root / "package"
    package_into(copy, rebuilt, report.version)
    differing = compare_packages(rebuilt, frozen)
    report.differences += [f"release {report.version}: {line}" for line in differing]
    return report.version
